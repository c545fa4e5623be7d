"""The public names of a run: what tab completion shows is what W&B's run has, and little else."""

from __future__ import annotations

import pytest
from wandb.sdk.wandb_run import Run as TheirRun

import lossboard

# Theirs in instances only, or of earlier versions of `wandb`, which scripts still call.
OURS_ALONE = {"get_project_url", "get_url", "project_name", "summary"}
# The pins of their workspace, and a folder that ours says as the parent of `dir`.
THEIRS_ALONE = {"pin_config_keys", "sync_dir"}


def public_names(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def test_a_run_shows_the_names_of_the_official_one_and_none_of_ours() -> None:
    run = lossboard.init(mode="disabled")
    run.finish()
    assert public_names(run) - public_names(TheirRun) == OURS_ALONE
    assert public_names(TheirRun) - public_names(run) == THEIRS_ALONE


def test_a_call_of_a_finished_run_is_refused_by_its_name() -> None:
    run = lossboard.init(mode="disabled")
    run.finish()
    for name in ("define_metric", "write_logs"):
        with pytest.raises(lossboard.UsageError, match=f"The call to `{name}` will be ignored"):
            getattr(run, name)("x")
