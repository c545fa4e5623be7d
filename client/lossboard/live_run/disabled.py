"""`mode="disabled"`: a run that behaves and records nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, SupportsIndex, cast

from lossboard import wire
from lossboard.duties import Duties
from lossboard.files.directories import RunDirectory
from lossboard.live_run.core import Beginning
from lossboard.live_run.home import Home
from lossboard.live_run.null_sender import NullSender
from lossboard.live_run.run import Run
from lossboard.media.base import Content
from lossboard.sending.interface import DeliveryReport
from lossboard.sending.sender import Sender
from lossboard.settings import Settings
from lossboard.terminal import Terminal

__all__ = ["NoopRun", "Silence"]


class Silence:
    """Any attribute of it, and whatever it is called with, is itself."""

    def __getattr__(self, name: str) -> Silence:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: object, **__: object) -> Silence:
        return self


class _NoHome(Home):
    """Keeps nothing."""

    def put_file(self, source: Content, *, name: str, mime_type: str) -> wire.FileEntry:
        """No file is made; media in the summary look as if there were one."""
        return wire.FileEntry(name, "", 0, 0, mime_type)

    def put_table(self, key: str, table: Any) -> Mapping[str, str]:
        """No artifact is made."""
        return {}


class NoopRun(Run):
    """A run without a sender: config works with all its rules, the summary holds what was logged
    last, no file is made, and nothing raises after its end."""

    def __init__(
        self, settings: Settings, start: wire.RunStart, on_finish: Callable[[Run, int], None]
    ) -> None:
        folder = Path(tempfile.gettempdir()) / "wandb" / start.run_id
        beginning = Beginning(
            settings=settings,
            start=start,
            open_sender=lambda _: cast(Sender, NullSender()),
            terminal=Terminal(levels=frozenset()),
            directory=RunDirectory(folder),
            open_home=_NoHome,
        )
        super().__init__(beginning, on_finish)

    def log(
        self,
        data: Mapping[str, Any] | None = None,
        step: SupportsIndex | None = None,
        commit: bool | None = None,
        sync: object = None,
    ) -> None:
        """Puts the values into the summary as they are."""
        if data is not None:
            self._summary.hold(data)

    def _say_goodbye(self, report: DeliveryReport, ending: Duties) -> None:
        """Nothing was recorded, and what was logged may be of any kind."""

    def watch(self, *_: Any, **__: Any) -> None:
        """Nothing is watched."""

    def alert(self, *_: Any, **__: Any) -> None:
        """Nobody is alerted."""

    def save(self, *_: Any, **__: Any) -> Any:
        """Nothing is saved: False."""
        return False

    def log_artifact(self, *_: Any, **__: Any) -> Any:
        """Nothing is logged; what comes back takes any call."""
        return Silence()

    def use_artifact(self, *_: Any, **__: Any) -> Any:
        """Nothing is there; what comes back takes any call."""
        return Silence()

    def link_artifact(self, *_: Any, **__: Any) -> Any:
        """Nothing is linked; what comes back takes any call."""
        return Silence()

    def upsert_artifact(self, *_: Any, **__: Any) -> Any:
        """Nothing is gathered; what comes back takes any call."""
        return Silence()

    def finish_artifact(self, *_: Any, **__: Any) -> Any:
        """Nothing is logged; what comes back takes any call."""
        return Silence()

    def log_code(self, *_: Any, **__: Any) -> None:
        """No code is logged."""

    def use_model(self, *_: Any, **__: Any) -> str:
        """No model is there."""
        return ""

    @property
    def step(self) -> int:
        """Always 0."""
        return 0

    def _put_config(self, changed: Mapping[str, Any]) -> None:
        """Changes stay here, also after the end."""

    def _remove_config(self, removed: list[str]) -> None:
        """Changes stay here, also after the end."""

    def _put_summary(self, changed: Mapping[str, Any], removed: list[str]) -> None:
        """Changes stay here, also after the end."""

    def _send_fields(self, fields: wire.RunFields) -> None:
        """Changes stay here, also after the end."""
