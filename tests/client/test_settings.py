"""Settings and the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lossboard as wandb
from lossboard.errors import SettingsError
from lossboard.launchers import Job, Launcher, job_of, launcher_of
from lossboard.settings import (
    DEFAULT_BASE_URL,
    Settings,
    environment_fields,
    resolve,
)


def test_the_default_server_is_on_this_machine() -> None:
    assert resolve(environ={}).base_url == DEFAULT_BASE_URL == "http://127.0.0.1:8080"


@pytest.mark.covers("WANDB_*")
def test_later_layers_come_before_earlier_ones_and_those_before_the_environment() -> None:
    environ = {"WANDB_PROJECT": "w", "WANDB_ENTITY": "w", "LOSSBOARD_PROJECT": "l"}
    assert resolve(environ=environ).project == "l"
    assert resolve(environ=environ).entity == "w"
    assert resolve({"project": "a"}, {"project": "b"}, environ=environ).project == "b"


VARIABLES: list[tuple[str, str, str, Any]] = [
    ("DIR", "x", "root_dir", "x"),
    ("NAME", "n", "run_name", "n"),
    ("RUN_NAME", "n", "run_name", "n"),
    ("NOTES", "n", "run_notes", "n"),
    ("TAGS", "a, b", "run_tags", ("a", "b")),
    ("RUN_ID", "i", "run_id", "i"),
    ("RUN_GROUP", "g", "run_group", "g"),
    ("JOB_TYPE", "j", "run_job_type", "j"),
    ("MODE", "dryrun", "mode", "offline"),
    ("MODE", "run", "mode", "online"),
    ("SILENT", "true", "silent", True),
    ("QUIET", "no", "quiet", False),
    ("RESUME", "allow", "resume", "allow"),
    ("BASE_URL", "http://h:1", "base_url", "http://h:1"),
    ("FINISH_TIMEOUT", "2.5", "finish_timeout", 2.5),
    ("_DISABLE_META", "1", "x_disable_meta", True),
    ("EXTRA_HTTP_HEADERS", '{"A": "b"}', "x_extra_http_headers", {"A": "b"}),
]


@pytest.mark.covers("WANDB_*")
@pytest.mark.parametrize("prefix", ["WANDB_", "LOSSBOARD_"])
@pytest.mark.parametrize(("variable", "text", "field", "value"), VARIABLES)
def test_a_variable_sets_its_field(
    prefix: str, variable: str, text: str, field: str, value: Any
) -> None:
    assert environment_fields({prefix + variable: text}) == {field: value}


def test_variables_that_are_empty_or_name_no_setting_are_left_alone() -> None:
    environ = {"LOSSBOARD_PROJECT": "", "LOSSBOARD_SERVER_PORT": "1", "WANDB_SERVICE": "x"}
    assert environment_fields(environ) == {}


def test_the_cloud_of_wandb_is_not_taken_for_a_server_of_ours() -> None:
    assert environment_fields({"WANDB_BASE_URL": "https://api.wandb.ai"}) == {}


@pytest.mark.parametrize(
    ("variable", "text"), [("LOSSBOARD_MODE", "onlin"), ("WANDB_SILENT", "perhaps")]
)
def test_a_wrong_value_is_told_with_its_variable(variable: str, text: str) -> None:
    with pytest.raises(SettingsError, match=rf"{variable}.*{text}"):
        environment_fields({variable: text})


WRONG: list[dict[str, Any]] = [
    {"mode": "onlin"},
    {"run_tags": ("",)},
    {"run_tags": ("x" * 65,)},
    {"console": "loud"},
    {"finish_timeout": "soon"},
    {"no_such_setting": 1},
]


@pytest.mark.covers("Settings")
@pytest.mark.parametrize("fields", WRONG, ids=str)
def test_wrong_fields_raise_a_value_error(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields))):
        Settings(**fields)


@pytest.mark.covers("Settings")
def test_fields_are_checked_when_they_are_set() -> None:
    settings = Settings()
    settings.quiet = True
    with pytest.raises(SettingsError):
        settings.mode = "never"  # type: ignore[assignment]
    assert settings.chosen == {"quiet": True}


@pytest.mark.covers("init.settings")
def test_known_settings_of_wandb_are_kept_without_effect() -> None:
    settings = Settings(console="off", _disable_stats=True, x_stats_cpu_count=3)
    assert settings.x_disable_stats is True and settings.label_disable is None
    assert settings.chosen["x_stats_cpu_count"] == 3


@pytest.mark.parametrize(
    "older",
    [
        {"start_method": "thread"},
        {"_service_wait": 300, "_disable_service": True},
        {"_stats_sample_rate_seconds": 1, "_stats_samples_to_average": 1},
        {"system_sample_seconds": 2, "disable_hints": True, "log_internal": "x"},
        {"_except_exit": True, "_require_core": True, "problem": "warn"},
    ],
)
@pytest.mark.covers("Settings")
def test_settings_of_older_versions_of_wandb_are_accepted(
    older: dict[str, Any], offline: Path
) -> None:
    run = wandb.init(settings=wandb.Settings(**older))
    assert older.items() <= {k.removeprefix("x"): v for k, v in run.settings.chosen.items()}.items()
    run.finish()


def test_the_settings_of_a_run_can_not_be_changed(offline: Path) -> None:
    run = wandb.init(settings=wandb.Settings(quiet=True))
    assert run.settings.quiet is True
    with pytest.raises(SettingsError, match="can't be changed"):
        run.settings.quiet = False


@pytest.mark.covers("init.settings", "setup")
def test_arguments_come_before_settings_and_setup_before_the_environment(
    offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSBOARD_PROJECT", "environment")
    wandb.setup(wandb.Settings(project="setup", run_group="setup"))
    run = wandb.init(project="argument", settings={"project": "settings", "run_notes": "n"})
    assert (run.project, run.group, run.notes) == ("argument", "setup", "n")


def test_the_api_key_is_not_shown() -> None:
    assert "secret" not in repr(Settings(api_key="secret"))


TORCHRUN = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "TORCHELASTIC_RUN_ID": "job"}
STATIC = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "host", "MASTER_PORT": "29500"}
HERE = {**STATIC, "MASTER_ADDR": "127.0.0.1"}
AGENT = {**HERE, "TORCHELASTIC_ERROR_FILE": "/tmp/torchelastic_a/none_b1/attempt_0/0/error.json"}
SLURM = {"SLURM_PROCID": "2", "SLURM_NTASKS": "4", "SLURM_LOCALID": "1", "SLURM_JOB_ID": "7"}
MPI = {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "PMIX_NAMESPACE": "prte-3@1"}
LAUNCHERS: list[tuple[dict[str, str], Launcher | None]] = [
    ({}, None),
    ({"RANK": "0"}, None),
    ({"RANK": "3", "WORLD_SIZE": "1"}, None),  # left by something else
    ({"SLURM_NTASKS": "4", "SLURM_JOB_ID": "7"}, None),  # a shell of salloc
    (TORCHRUN, Launcher(1, 2, "job", "torchrun", 1)),
    (
        {**TORCHRUN, "TORCHELASTIC_RESTART_COUNT": "3"},
        Launcher(1, 2, "job", "torchrun", 1, restart=3),
    ),
    (
        {"RANK": "0", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "none", "SLURM_JOB_ID": "7"},
        Launcher(0, 2, "slurm-7", "torchrun"),
    ),
    (STATIC, Launcher(0, 2, "host-29500")),
    (HERE, Launcher(0, 2, "127.0.0.1-29500-mark0")),
    (AGENT, Launcher(0, 2, "127.0.0.1-29500-b1")),
    (SLURM, Launcher(2, 4, "slurm-7", "slurm", 1)),
    ({**SLURM, "SLURM_RESTART_COUNT": "2"}, Launcher(2, 4, "slurm-7", "slurm", 1, restart=2)),
    ({**SLURM, **TORCHRUN}, Launcher(1, 2, "job", "torchrun", 1)),
    (
        {**SLURM, "SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": "3"},
        Launcher(2, 4, "slurm-5_3", "slurm", 1),
    ),
    (MPI, Launcher(1, 2, "mpi-prte-3@1", "openmpi")),
    ({"PMI_RANK": "1", "PMI_SIZE": "2"}, Launcher(1, 2, "localhost-0-mark1", "mpich")),
    ({"LOCAL_RANK": "1", "WORLD_SIZE": "2", "NODE_RANK": "1"}, None),
    (
        {"LOCAL_RANK": "1", "WORLD_SIZE": "2", "NODE_RANK": "0", "SLURM_JOB_ID": "7"},
        Launcher(1, 2, "slurm-7", "lightning", 1),
    ),
]


@pytest.mark.parametrize(("environ", "launcher"), LAUNCHERS)
def test_the_launcher_is_known_by_its_variables(
    environ: dict[str, str], launcher: Launcher | None
) -> None:
    assert launcher_of(environ, lambda place, rank: f"mark{rank}") == launcher


@pytest.mark.parametrize(
    ("environ", "job"),
    [
        ({}, None),
        ({"SLURM_JOB_ID": "7", "SLURM_RESTART_COUNT": "1"}, Job("slurm", "7", 1)),
        ({"PBS_JOBID": "12[3].head"}, Job("pbs", "12[3].head")),
        ({"LSB_JOBID": "9", "LSB_JOBINDEX": "4"}, Job("lsf", "9_4")),
        ({"LSB_JOBID": "9", "LSB_JOBINDEX": "0"}, Job("lsf", "9")),
        ({"JOB_ID": "8", "SGE_TASK_ID": "undefined"}, Job("sge", "8")),
    ],
)
def test_the_job_of_a_scheduler_is_known_by_its_variables(
    environ: dict[str, str], job: Job | None
) -> None:
    assert job_of(environ) == job


@pytest.mark.covers("Settings")
def test_settings_of_older_versions_are_warned_of_and_go_on(
    offline: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOSSBOARD_SILENT", "false")
    given = wandb.Settings(start_method="thread", _disable_service=True)
    with wandb.init(settings=given) as run:
        run.log({"a": 1})
    assert "start_method, x_disable_service: settings of older versions" in capsys.readouterr().err
