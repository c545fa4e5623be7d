"""`mode="disabled"`: a run that behaves and records nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, SupportsIndex, cast

from lossboard import wire
from lossboard.directories import RunDirectory
from lossboard.live_run import Run
from lossboard.null_sender import NullSender
from lossboard.sender import Sender
from lossboard.settings import Settings
from lossboard.terminal import Terminal

__all__ = ["NoopRun"]


class NoopRun(Run):
    """A run without a sender: config works with all its rules, the summary holds what was logged
    last, no file is made, and nothing raises after its end."""

    def __init__(
        self, settings: Settings, start: wire.RunStart, on_finish: Callable[[Run, int], None]
    ) -> None:
        super().__init__(
            settings=settings,
            start=start,
            open_sender=lambda _: cast(Sender, NullSender()),
            terminal=Terminal(levels=frozenset()),
            directory=RunDirectory(Path(tempfile.gettempdir()) / "wandb" / start.run_id),
            on_finish=on_finish,
        )

    def log(
        self,
        data: Mapping[str, Any] | None = None,
        step: SupportsIndex | None = None,
        commit: bool | None = None,
        sync: object = None,
    ) -> None:
        """Puts the values into the summary as they are."""
        self._summary.hold(data or {})

    def watch(self, *_: Any, **__: Any) -> None:
        """Nothing is watched."""

    def alert(self, *_: Any, **__: Any) -> None:
        """Nobody is alerted."""

    @property
    def step(self) -> int:
        """Always 0."""
        return 0

    def _put_config(self, changed: Mapping[str, Any]) -> None:
        """Changes stay here, also after the end."""

    def _put_summary(self, changed: Mapping[str, Any], removed: list[str]) -> None:
        """Changes stay here, also after the end."""

    def _send_fields(self, fields: wire.RunFields) -> None:
        """Changes stay here, also after the end."""
