"""`wandb.integration.keras`: callbacks of Keras 3, on whatever backend."""

from __future__ import annotations

import math
import operator
import os
from pathlib import Path
from typing import Any, Final

from keras import callbacks

import lossboard
from lossboard.artifacts import Artifact
from lossboard.errors import Error
from lossboard.live_run.run import Run
from lossboard.media.table import Table
from lossboard.terminal import termwarn

__all__ = ["WandbCallback", "WandbEvalCallback", "WandbMetricsLogger", "WandbModelCheckpoint"]

_BEST_FILE: Final = "model-best.keras"


def _run(caller: object) -> Run:
    if lossboard.run is None:
        raise Error(f"You must call `wandb.init()` before {type(caller).__name__}()")
    return lossboard.run


class WandbMetricsLogger(callbacks.Callback):  # type: ignore[misc]
    """Logs the metrics of `fit` and the learning rate, by epoch or every `log_freq` batches
    ("batch" is each), as epoch/... over epoch/epoch and batch/... over batch/batch_step.

    `initial_global_step` is the batch that a schedule of learning rates goes on at. Raises Error
    without a run.
    """

    def __init__(
        self, log_freq: str | int = "epoch", initial_global_step: int = 0, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.log_freq = 1 if log_freq == "batch" else log_freq
        self.logging_batch_wise = isinstance(self.log_freq, int)
        self.global_batch = 0
        self.global_step = initial_global_step
        run, (kind, step) = _run(self), self._names
        run.define_metric(f"{kind}/{step}")
        run.define_metric(f"{kind}/*", step_metric=f"{kind}/{step}")

    @property
    def _names(self) -> tuple[str, str]:
        return ("batch", "batch_step") if self.logging_batch_wise else ("epoch", "epoch")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the metrics of the epoch."""
        self._log("epoch", {**(logs or {}), "epoch": epoch})

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the metrics of the batch, if its turn has come."""
        self.global_step += 1
        if self.logging_batch_wise and batch % int(self.log_freq) == 0:
            self._log("batch", {**(logs or {}), "batch_step": self.global_batch})
            self.global_batch += int(self.log_freq)

    def _log(self, kind: str, values: dict[str, Any]) -> None:
        rate = self._learning_rate()
        named = values if rate is None else {**values, "learning_rate": rate}
        _run(self).log({f"{kind}/{name}": value for name, value in named.items()})

    def _learning_rate(self) -> float | None:
        rate = self.model.optimizer.learning_rate
        try:
            return float(rate(self.global_step) if callable(rate) else rate)
        except (TypeError, ValueError) as error:
            termwarn(f"the learning rate can't be logged: {error}", repeat=False)
            return None


class WandbModelCheckpoint(callbacks.ModelCheckpoint):  # type: ignore[misc]
    """Keras' `ModelCheckpoint`, which logs each checkpoint as a version of the artifact
    `run_<id>_model` too. Raises Error without a run."""

    def __init__(self, filepath: str | os.PathLike[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(os.fspath(filepath), *args, **kwargs)
        _run(self)
        self._logged: dict[str, tuple[int, int]] = {}  # paths with time and size, as logged

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs what was saved after this batch."""
        super().on_train_batch_end(batch, logs)
        if self.save_freq != "epoch":
            self._log_new(f"epoch_{self._current_epoch}_batch_{batch}", batch, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs what was saved after this epoch."""
        super().on_epoch_end(epoch, logs)
        if self.save_freq == "epoch":
            self._log_new(f"epoch_{epoch}", None, logs)

    def _log_new(self, alias: str, batch: int | None, logs: dict[str, Any] | None) -> None:
        """Logs the checkpoint, if one was saved: with save_best_only, not each time."""
        try:
            path = Path(self._get_file_path(self._current_epoch, batch, logs))
        except KeyError:  # a metric in its name that there is not yet
            return
        if not path.exists():
            return
        state = (path.stat().st_mtime_ns, path.stat().st_size)
        if self._logged.get(str(path)) == state:
            return
        self._logged[str(path)] = state
        run = _run(self)
        artifact = Artifact(f"run_{run.id}_model", type="model")
        (artifact.add_dir if path.is_dir() else artifact.add_file)(path)
        run.log_artifact(artifact, aliases=["latest", alias])


class WandbEvalCallback(callbacks.Callback):  # type: ignore[misc]
    """The base of callbacks that log tables of data and predictions.

    Subclasses fill `data_table` in `add_ground_truth` and, each epoch, `pred_table` in
    `add_model_predictions`; `data_table_ref` is the table of data as it was logged. Raises Error
    without a run.
    """

    def __init__(
        self,
        data_table_columns: list[str],
        pred_table_columns: list[str],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        _run(self)
        self.data_table_columns = data_table_columns
        self.pred_table_columns = pred_table_columns

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Logs the data."""
        self.init_data_table(self.data_table_columns)
        self.add_ground_truth(logs)
        self.log_data_table()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the predictions of the epoch."""
        self.init_pred_table(self.pred_table_columns)
        self.add_model_predictions(epoch, logs)
        self.log_pred_table()

    def add_ground_truth(self, logs: dict[str, Any] | None = None) -> None:
        """To be written by subclasses: fills `data_table`."""
        raise NotImplementedError(f"{type(self).__name__}.add_ground_truth")

    def add_model_predictions(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """To be written by subclasses: fills `pred_table`."""
        raise NotImplementedError(f"{type(self).__name__}.add_model_predictions")

    def init_data_table(self, column_names: list[str]) -> None:
        """Begins the table of data."""
        self.data_table = Table(columns=column_names, allow_mixed_types=True)

    def init_pred_table(self, column_names: list[str]) -> None:
        """Begins the table of predictions."""
        self.pred_table = Table(columns=column_names, allow_mixed_types=True)

    def log_data_table(
        self, name: str = "val", type: str = "dataset", table_name: str = "val_data"
    ) -> None:
        """Logs the table of data as an artifact that the run uses; offline, where none can be
        used, as one of its own."""
        run, artifact = _run(self), Artifact(name, type=type)
        artifact.add(self.data_table, table_name)
        if run.offline:
            run.log_artifact(artifact)
            self.data_table_ref: Table | None = self.data_table
        else:
            self.data_table_ref = run.use_artifact(artifact).get(table_name)

    def log_pred_table(
        self,
        type: str = "evaluation",
        table_name: str = "eval_data",
        aliases: list[str] | None = None,
    ) -> None:
        """Logs the table of predictions as a version of the artifact `run_<id>_pred`."""
        run = _run(self)
        artifact = Artifact(f"run_{run.id}_pred", type=type)
        artifact.add(self.pred_table, table_name)
        run.log_artifact(artifact, aliases=aliases or ["latest"])


class WandbCallback(callbacks.Callback):  # type: ignore[misc]
    """The callback of older scripts: logs the metrics of each epoch, keeps the best of `monitor`
    in the summary and, with `save_model`, the best model with the run.

    Other arguments of it are named in a warning and have no effect. Raises Error without a run.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        verbose: int = 0,
        mode: str = "auto",
        save_model: bool = True,
        save_weights_only: bool = False,
        **others: Any,
    ) -> None:
        super().__init__()
        _run(self)
        self.monitor = monitor
        self.save_model = save_model
        self.save_weights_only = save_weights_only
        rises = mode == "max" or (mode == "auto" and ("acc" in monitor or "auc" in monitor))
        self._is_better = operator.gt if rises else operator.lt
        self.best = -math.inf if rises else math.inf
        if unknown := sorted(name for name, value in others.items() if value):
            termwarn(f"WandbCallback({', '.join(unknown)}=...) has no effect in lossboard")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the metrics, and the model if it is the best so far."""
        run, values = _run(self), dict(logs or {})
        run.log({"epoch": epoch, **values})
        current = values.get(self.monitor)
        if current is not None and self._is_better(current, self.best):
            self.best = current
            run.summary[f"best_{self.monitor}"] = current
            run.summary["best_epoch"] = epoch
            self._save(run)

    def _save(self, run: Run) -> None:
        if not self.save_model:
            return
        name = "model-best.weights.h5" if self.save_weights_only else _BEST_FILE
        path = Path(run.dir) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)
        run.save(str(path), base_path=run.dir)
