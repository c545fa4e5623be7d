"""How a run begins: fresh, or continuing another, and at which step."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from lossboard.errors import CommError, UsageError
from lossboard.identity import generate_id, parse_branch_point, run_id_checked
from lossboard.opening.member import Member
from lossboard.opening.resume_file import ResumeFile
from lossboard.sending.interface import Say
from lossboard.sending.left_steps import last_step_left
from lossboard.settings import Settings

__all__ = ["Opening", "decide"]

Opens: TypeAlias = Literal["fresh", "resume", "rewind", "fork", "join"]

_QUICK_SECS = 2.0  # how long resume="allow" waits for the server to say where to go on


@dataclass(frozen=True)
class Opening:
    """The run to open, and the one it continues. `known` is what the server has of it."""

    run_id: str
    opens: Opens = "fresh"
    parent_run_id: str = ""
    cut_step: int = 0
    first_step: int = 0
    known: Mapping[str, Any] = field(default_factory=dict)
    file: ResumeFile | None = None  # where word of the run is left until it ends well

    def ended(self, exit_code: int, say: Say) -> None:
        """The run has ended."""
        if self.file is not None:
            self.file.ended(self.run_id, exit_code, say)

    @property
    def resumed(self) -> bool:
        """Whether it continues a run of the same id."""
        return bool(self.known) and self.opens in ("resume", "join")


def decide(settings: Settings, folder: Path, member: Member, say: Say) -> Opening:
    """The opening that the settings ask for, of this member of a run or a group of runs.

    Raises UsageError for contradictions, and where resume="must" finds no run or "never" finds
    one; CommError when the server has to be asked and does not answer.
    """
    chosen = [n for n in ("resume", "resume_from", "fork_from") if getattr(settings, n)]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude each other: give one of them")
    if settings.fork_from:
        return _fork(settings, settings.fork_from)
    if settings.resume_from:
        return _rewind(settings, settings.resume_from)
    run_id = _wanted_id(settings, member)
    if settings.resume == "auto" and not member.shares:
        opening = _auto(settings, run_id, folder, member, say)
    else:
        resume = settings.resume
        opening = _resume(settings, run_id, folder, say) if resume else Opening(_or_new(run_id))
        if settings.resume is None:
            ResumeFile(folder, member.slot).forget(say)
    if member.shares:
        return replace(opening, opens="join")
    return opening


def _wanted_id(settings: Settings, member: Member) -> str | None:
    """The id that was given; ranks that share a run without one have one that their launch makes,
    as they can't ask one another."""
    if settings.run_id is not None:
        return run_id_checked(settings.run_id)
    if member.shares and member.group:
        return hashlib.sha256(member.group.encode()).hexdigest()[:8]
    return None


def _or_new(run_id: str | None) -> str:
    return generate_id() if run_id is None else run_id


def _fork(settings: Settings, text: str) -> Opening:
    parent, step = parse_branch_point("fork_from", text)
    run_id = _or_new(settings.run_id)
    if run_id_checked(run_id) == parent:
        raise UsageError(f"fork_from={text!r} names the run itself: give another id, or none")
    return Opening(run_id, "fork", parent_run_id=parent, cut_step=step, first_step=step + 1)


def _rewind(settings: Settings, text: str) -> Opening:
    run_id, step = parse_branch_point("resume_from", text)
    if settings.run_id not in (None, run_id):
        raise UsageError(
            f"resume_from={text!r} and id={settings.run_id!r} name different runs: leave out id"
        )
    return Opening(run_id_checked(run_id), "rewind", cut_step=step, first_step=step + 1)


def _auto(
    settings: Settings, run_id: str | None, folder: Path, member: Member, say: Say
) -> Opening:
    """Goes on with the run that the last process of this place left, unless it lives."""
    file = ResumeFile(folder, member.slot)
    left = file.take(say)
    if left is not None and left.is_alive:
        say(f"resume='auto': {left.words}: this process begins a run of its own", "warn")
        return Opening(_or_new(run_id if run_id != left.run_id else None))
    if left is not None and run_id not in (None, left.run_id):
        say(f"resume='auto': run {left.run_id} is left, but id={run_id} was given", "warn")
        left = None
    opening = (
        Opening(_or_new(run_id)) if left is None else _resume(settings, left.run_id, folder, say)
    )
    file.write(opening.run_id, say)
    return replace(opening, file=file)


def _resume_offline(settings: Settings, run_id: str | None, folder: Path, say: Say) -> Opening:
    """Goes on with what waits here of the run. What the server has of it nobody can tell, so its
    rows stay, too, once this segment is delivered."""
    if run_id is None or settings.resume == "never":
        say(f"resume={settings.resume!r} has no effect offline: the run begins anew", "warn")
        return Opening(_or_new(run_id))
    last_step = last_step_left(folder, run_id)
    if settings.resume == "must" and last_step is None:
        say(f"resume='must': whether there is a run {run_id!r} is not known offline", "warn")
    return Opening(run_id, "resume", first_step=0 if last_step is None else last_step + 1)


def _resume(settings: Settings, run_id: str | None, folder: Path, say: Say) -> Opening:
    must, never = settings.resume == "must", settings.resume == "never"
    if settings.mode == "offline":
        return _resume_offline(settings, run_id, folder, say)
    if run_id is None:
        if must:
            raise UsageError("resume='must' needs id=, the run to resume")
        return Opening(generate_id())
    try:
        known = _ask(settings, run_id, settings.init_timeout if must or never else _QUICK_SECS)
    except CommError as error:
        if must or never:
            raise
        say(f"{error}; run {run_id} goes on at step 0 if it is there", "warn")
        return Opening(run_id, "resume")
    return _resume_known(settings, run_id, known)


def _resume_known(settings: Settings, run_id: str, known: Mapping[str, Any]) -> Opening:
    place = f"{settings.entity}/{settings.project}"
    if not known["exists"]:
        if settings.resume == "must":
            raise UsageError(
                f"resume='must', but there is no run {run_id!r} in {place}:"
                " check the id and the project, or use resume='allow'"
            )
        return Opening(run_id)
    if settings.resume == "never":
        raise UsageError(
            f"resume='never', but run {run_id!r} is there already in {place}: use another id"
        )
    last_step = known.get("last_step")
    return Opening(
        run_id, "resume", first_step=0 if last_step is None else last_step + 1, known=known
    )


def _ask(settings: Settings, run_id: str, timeout_secs: float) -> Mapping[str, Any]:
    from lossboard.sending.transport import Transport, Unreachable  # brings an HTTP library

    parts = (settings.entity, settings.project or "", run_id)
    path = "/api/resume/" + "/".join(quote(part, safe="") for part in parts)
    transport = Transport(
        settings.base_url,
        timeout_secs=timeout_secs,
        headers=settings.x_extra_http_headers,
    )
    try:
        answer = transport.request("GET", path)
    except Unreachable as error:
        raise CommError(f"no answer from {settings.base_url} ({error})") from error
    finally:
        transport.close()
    if answer.status != 200:
        raise CommError(f"{settings.base_url} answered {answer.status}: {answer.words}")
    return answer.json()
