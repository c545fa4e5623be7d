"""Settings and the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lossboard as wandb
from lossboard.errors import SettingsError
from lossboard.settings import (
    DEFAULT_BASE_URL,
    Launcher,
    Settings,
    environment_fields,
    launcher_from_environment,
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


LAUNCHERS: list[tuple[dict[str, str], Launcher | None]] = [
    ({}, None),
    ({"RANK": "0"}, None),
    (
        {"RANK": "1", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "job"},
        Launcher(rank=1, world_size=2, group="job"),
    ),
    (
        {"RANK": "0", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "none", "SLURM_JOB_ID": "7"},
        Launcher(rank=0, world_size=2, group="slurm-7"),
    ),
    (
        {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "host", "MASTER_PORT": "29500"},
        Launcher(rank=0, world_size=2, group="host-29500"),
    ),
]


@pytest.mark.parametrize(("environ", "launcher"), LAUNCHERS)
def test_the_launcher_is_known_by_its_variables(
    environ: dict[str, str], launcher: Launcher | None
) -> None:
    assert launcher_from_environment(environ) == launcher
