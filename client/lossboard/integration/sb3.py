"""`wandb.integration.sb3`: stable-baselines3. Its metrics come with `sync_tensorboard=True`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from stable_baselines3.common.callbacks import BaseCallback

import lossboard
from lossboard.errors import Error
from lossboard.live_run.run import Run
from lossboard.terminal import termwarn

__all__ = ["WandbCallback"]

_KINDS: Final = ("gradients", "parameters", "all", None)
_FILE: Final = "model.zip"


class WandbCallback(BaseCallback):  # type: ignore[misc]
    """Puts the algorithm's settings into the config, watches its policy, and saves the model.

    `model_save_path` is the folder for model.zip, which is saved at the end and, with
    `model_save_freq`, every so many calls. With `gradient_save_freq` the policy is watched, `log`
    as in `watch`. Raises Error without a run, and for a `model_save_freq` without a path.
    """

    def __init__(
        self,
        verbose: int = 0,
        model_save_path: str | None = None,
        model_save_freq: int = 0,
        gradient_save_freq: int = 0,
        log: str | None = "all",
    ) -> None:
        super().__init__(verbose)
        self._run()
        if model_save_freq and model_save_path is None:
            raise Error("WandbCallback(model_save_freq=...) needs model_save_path=, a folder")
        if log not in _KINDS:
            termwarn(f"WandbCallback(log={log!r}) is none of {_KINDS}: taken as 'all'")
            log = "all"
        self.model_save_path = model_save_path
        self.model_save_freq = model_save_freq
        self.gradient_save_freq = gradient_save_freq
        self.log = log

    @staticmethod
    def _run() -> Run:
        if lossboard.run is None:
            raise Error("You must call wandb.init() before WandbCallback()")
        return lossboard.run

    def _init_callback(self) -> None:
        run = self._run()
        values: dict[str, Any] = {"algo": type(self.model).__name__}
        for name, value in vars(self.model).items():
            values[name] = value if type(value) in (float, int, str) else str(value)
        run.config.setdefaults(values)
        if self.gradient_save_freq:
            run.watch(self.model.policy, log=self.log, log_freq=self.gradient_save_freq)

    def _on_step(self) -> bool:
        if self.model_save_freq and self.n_calls % self.model_save_freq == 0:
            self.save_model()
        return True

    def _on_training_end(self) -> None:
        if self.model_save_path is not None:
            self.save_model()

    def save_model(self) -> None:
        """Saves the model as it is now, with the run too."""
        folder = Path(self.model_save_path or ".")
        folder.mkdir(parents=True, exist_ok=True)
        self.model.save(folder / _FILE)
        self._run().save(str(folder / _FILE), base_path=str(folder))
