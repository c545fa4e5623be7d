"""Names that scripts use for parts of a run besides those of `Run`, from any version of W&B's
Api."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar, Final, Self

from lossboard.api.stored_run import StoredRun
from lossboard.connection import Connection
from lossboard.errors import UnsupportedError, WaitTimeoutError
from lossboard.times import iso_time

__all__ = ["RunNames"]

_POLL_SECS: Final = 0.5
_GOING: Final = ("running", "preempting", "pending")


class RunNames(StoredRun):
    """Names of a run besides its own."""

    make_sweep: ClassVar[Callable[[Connection, tuple[str, str], str], Any]]

    @property
    def createdAt(self) -> str:
        """When it was made, in ISO 8601; filters know it by this name too."""
        return iso_time(self._attributes["created_us"])

    @property
    def heartbeatAt(self) -> str:
        """When it was last heard of, in ISO 8601."""
        return iso_time(self._attributes["heartbeat_us"])

    heartbeat_at = updated_at = updatedAt = heartbeatAt

    @property
    def username(self) -> str:
        """Its entity, as W&B called it before."""
        return self.entity

    @property
    def historyLineCount(self) -> int:
        """How many steps it has logged at the most: one more than the last."""
        last = self._attributes["last_step"]
        return 0 if last is None else int(last) + 1

    @property
    def read_only(self) -> bool:
        """Whether it can't be changed: everybody may, here."""
        return False

    readOnly = read_only

    @property
    def sweep_name(self) -> str | None:
        """The id of the sweep that it belongs to, if it does."""
        if "metadata" not in self._attributes:  # lists leave it out
            self._attributes = {**self._detail(), **self._attributes}
        found = self._attributes["metadata"].get("sweep")
        return None if found is None else str(found)

    sweepName = sweep_name

    @property
    def sweep(self) -> Any:
        """The `Sweep` that it belongs to, None if it belongs to none."""
        if self.sweep_name is None:
            return None
        return type(self).make_sweep(self._connection, (self.entity, self.project), self.sweep_name)

    def wait_until_finished(self, timeout: float | None = None) -> None:
        """Returns once the run has ended, however it did. Raises WaitTimeoutError after `timeout`
        seconds in which it has not."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._state_now() in _GOING:
            if deadline is not None and time.monotonic() > deadline:
                raise WaitTimeoutError(f"the run was still going on after {timeout:g} s")
            time.sleep(_POLL_SECS)

    def _state_now(self) -> str:
        """Leaves alone what was edited and not sent."""
        self._attributes = {**self._attributes, "state": self._detail()["state"]}
        return self.state

    def stop(self) -> None:
        """Asks the process of the run to end, as the dashboard's “Stop run” does."""
        self._connection.patch("runs", self._uid, stop_requested=True)

    def update_state(self, state: str) -> bool:
        """Raises UnsupportedError: the state of a run follows from its processes."""
        raise UnsupportedError(
            f"the state of a run can't be set to {state!r}: it follows from the run's processes"
        )

    def load_full_data(self, force: bool = False) -> Self:
        """Fetches everything again; a run is never half loaded here."""
        return self.load()

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """A frame with the page of the run, for notebooks."""
        style = f"border:none;width:100%;height:{height}px;{'display:none;' if hidden else ''}"
        return f'<iframe src="{self.url}?jupyter=true" style="{style}"></iframe>'

    _repr_html_ = to_html
