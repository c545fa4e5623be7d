"""Settings of the client, and the only reader of the environment.

Every field can be set, from weakest to strongest, by `WANDB_<NAME>`, `LOSSBOARD_<NAME>`,
`setup(settings)`, `init(settings=...)` and the arguments of `init`. docs/configuration.md lists
them; a test keeps it complete.
"""

from __future__ import annotations

import os
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeAlias
from urllib.parse import urlsplit

import msgspec

from lossboard.errors import SettingsError
from lossboard.launchers import Distinguish, Job, Launcher, job_of, launcher_of
from lossboard.settings_names import KEPT_WITHOUT_EFFECT

__all__ = [
    "DEFAULT_BASE_URL",
    "Console",
    "Interval",
    "Mode",
    "Reinit",
    "Resume",
    "Settings",
    "Tag",
    "environment_fields",
    "environment_with_path",
    "environment_without_path",
    "job_from_environment",
    "launcher_from_environment",
    "let_children_look_in",
    "official_variables",
    "resolve",
    "visible_devices",
]

DEFAULT_BASE_URL: Final = "http://127.0.0.1:8080"

Mode: TypeAlias = Literal["online", "offline", "disabled", "shared"]
Tag: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Interval: TypeAlias = Annotated[float, msgspec.Meta(ge=0.1)]  # seconds
Console: TypeAlias = Literal["auto", "off", "wrap", "redirect", "wrap_raw", "wrap_emu"]
Reinit: TypeAlias = Literal["default", "return_previous", "finish_previous", "create_new"]
Resume: TypeAlias = Literal["allow", "must", "never", "auto"]

_ANY_KEY: Final = f"local{'0' * 35}"
_MODE_NAMES: Final = {"dryrun": "offline", "run": "online"}
_DEVICE_VARIABLES: Final = (
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "ZE_AFFINITY_MASK",
    "ASCEND_RT_VISIBLE_DEVICES",
)
_TRUE: Final = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE: Final = frozenset({"n", "no", "f", "false", "off", "0"})

_LISTS: Final = ("config_paths", "run_tags", "x_stats_disk_paths")  # in variables: with commas

# Variables whose names are not that of their field.
_FIELD_OF_VARIABLE: Final = {
    "APP_URL": "app_url_override",
    "DIR": "root_dir",
    "EXTRA_HTTP_HEADERS": "x_extra_http_headers",
    "JOB_TYPE": "run_job_type",
    "NAME": "run_name",
    "NOTES": "run_notes",
    "TAGS": "run_tags",
}


class Settings:
    """Everything that can be chosen for a run. Unknown names and wrong values raise SettingsError.

    The known settings of W&B that have no meaning here are accepted and kept.
    """

    # Which run
    entity: str = "local"
    project: str | None = None
    run_id: str | None = None
    run_name: str | None = None
    run_notes: str | None = None
    run_tags: tuple[Tag, ...] | None = None
    run_group: str | None = None
    run_job_type: str | None = None
    resume: Resume | None = None
    resume_from: str | None = None
    fork_from: str | None = None
    reinit: Reinit = "default"
    # Where to
    mode: Mode = "online"
    base_url: str = DEFAULT_BASE_URL
    app_url_override: str | None = None
    api_key: str | None = None
    x_extra_http_headers: dict[str, str] | None = None
    root_dir: str | None = None
    # Waiting
    init_timeout: float = 90.0
    finish_timeout: float = 10.0
    # What is recorded
    allow_val_change: bool | None = None
    config_paths: tuple[str, ...] = ()
    console: Console = "auto"
    disable_code: bool = False
    disable_git: bool = False
    host: str | None = None
    notebook_name: str | None = None
    program: str | None = None
    save_code: bool = False
    strict: bool | None = None
    x_disable_machine_info: bool = False
    x_disable_meta: bool = False
    x_disable_stats: bool = False
    x_label: str | None = None
    x_primary: bool | None = None
    x_save_requirements: bool = True
    x_stats_disk_paths: tuple[str, ...] = ("/",)
    x_stats_sampling_interval: Interval = 15.0
    x_update_finish_state: bool = True
    # What is printed
    max_end_of_run_history_metrics: int = 10
    max_end_of_run_summary_metrics: int = 10
    quiet: bool = False
    show_emoji: bool = True
    show_errors: bool = True
    show_info: bool = True
    show_warnings: bool = True
    silent: bool = False

    _set: dict[str, Any]
    _frozen: bool

    def __init__(self, **fields: Any) -> None:
        object.__setattr__(self, "_set", {})
        object.__setattr__(self, "_frozen", False)
        self.update(fields)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._frozen:
            raise SettingsError(
                f"settings of a run can't be changed ({name!r}): give them to init(settings=...)"
            )
        field = _field_name(name)
        checked = _checked(field, value) if field in _field_types() else value
        object.__setattr__(self, field, checked)
        self._set[field] = checked

    def __getattr__(self, name: str) -> Any:
        if name in KEPT_WITHOUT_EFFECT:
            return None
        raise AttributeError(f"{name!r} is not a setting; docs/configuration.md lists the settings")

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for name in _field_types():
            yield name, getattr(self, name)

    def __repr__(self) -> str:
        values = ", ".join(
            f"{name}={'***' if name == 'api_key' and value else repr(value)}"
            for name, value in sorted(self._set.items())
        )
        return f"Settings({values})"

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The fields that were set, without defaults."""
        return dict(self._set)

    def update(self, fields: Mapping[str, Any]) -> None:
        """Sets several fields."""
        for name, value in fields.items():
            setattr(self, name, value)

    def frozen(self) -> Self:
        """A copy that refuses changes."""
        copy = type(self)(**self._set)
        object.__setattr__(copy, "_frozen", True)
        return copy

    @property
    def app_url(self) -> str:
        """The address of the dashboard's pages, without a slash at the end."""
        return (self.app_url_override or self.base_url).rstrip("/")


def resolve(*layers: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment and, over it, from each layer in turn."""
    settings = Settings(**environment_fields(os.environ if environ is None else environ))
    for layer in layers:
        settings.update(layer)
    return settings


def environment_fields(environ: Mapping[str, str]) -> dict[str, Any]:
    """The fields that `LOSSBOARD_*` set, and `WANDB_*` where those do not.

    Raises SettingsError, with the variable's name, for a value that its field does not take.
    """
    fields: dict[str, Any] = {}
    for prefix in ("WANDB_", "LOSSBOARD_"):
        for variable, text in environ.items():
            field = _field_of(variable, prefix)
            if field is None or text == "" or _is_cloud(field, text):
                continue
            try:
                fields[field] = _checked(field, _parsed(field, text))
            except SettingsError as error:
                raise SettingsError(f"environment variable {variable}: {error}") from error
    return fields


def environment_with_path(folder: Path) -> dict[str, str]:
    """The environment of a child whose Python looks for modules in `folder` first."""
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    parts = [str(folder), *(part for part in inherited if part != str(folder))]
    path = os.pathsep.join(part for part in parts if part)
    return {**os.environ, "PYTHONPATH": path}


def official_variables(base_url: str, api_key: str | None) -> dict[str, str]:
    """The variables with which the official client logs to our server at `base_url`. Those of
    ours that it knows under another name are among them."""
    own = {
        f"WANDB_{name.removeprefix('LOSSBOARD_')}": text
        for name, text in os.environ.items()
        if name.startswith("LOSSBOARD_") and text
    }
    key = api_key or _ANY_KEY  # it wants 40 characters; there are no accounts
    return own | {"WANDB_BASE_URL": base_url, "WANDB_API_KEY": key}


def environment_without_path(folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child with these variables, whose Python does not look in `folder`."""
    parts = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = os.pathsep.join(part for part in parts if part != str(folder))
    return {**os.environ, "PYTHONPATH": path, **variables}


def let_children_look_in(folder: Path) -> None:
    """Has the Pythons that this process starts from now on look for modules in `folder` first."""
    os.environ["PYTHONPATH"] = environment_with_path(folder)["PYTHONPATH"]


def launcher_from_environment(
    distinguish: Distinguish, environ: Mapping[str, str] | None = None
) -> Launcher | None:
    """The launcher that started this process as one of several ranks, if one did; `distinguish` is
    that of `launcher_of`."""
    return launcher_of(os.environ if environ is None else environ, distinguish)


def job_from_environment() -> Job | None:
    """The scheduler's job that this process belongs to, if a scheduler started it."""
    return job_of(os.environ)


def visible_devices() -> dict[str, str]:
    """The words of the environment on the accelerators that this process may use, by variable."""
    return {name: os.environ[name] for name in _DEVICE_VARIABLES if name in os.environ}


def _field_of(variable: str, prefix: str) -> str | None:
    if not variable.startswith(prefix):
        return None
    name = variable.removeprefix(prefix)
    field = _FIELD_OF_VARIABLE.get(name, name.lower())
    field = f"x{field}" if field.startswith("_") else field
    return field if field in _field_types() else None


def _is_cloud(field: str, text: str) -> bool:
    """W&B's own server does not speak our protocol: a variable that names it is not for us."""
    return field in ("base_url", "app_url_override") and (urlsplit(text).hostname or "").endswith(
        "wandb.ai"
    )


def _parsed(field: str, text: str) -> Any:
    if field in _LISTS:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if text.startswith(("{", "[")):
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise SettingsError(f"{text!r} is not JSON: {error}") from error
    return text


@cache
def _field_types() -> dict[str, Any]:
    hints = typing.get_type_hints(Settings, include_extras=True)
    return {name: hint for name, hint in hints.items() if not name.startswith("_")}


def _field_name(name: str) -> str:
    field = f"x{name}" if name.startswith("_") else name
    if field not in _field_types() and field not in KEPT_WITHOUT_EFFECT:
        raise SettingsError(
            f"{name!r} is not a setting: extra inputs are not permitted;"
            " docs/configuration.md lists the settings"
        )
    return field


def _checked(field: str, value: Any) -> Any:
    try:
        return msgspec.convert(_normal(field, value), _field_types()[field], strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"setting {field}={value!r}: {error}") from error


def _normal(field: str, value: Any) -> Any:
    """The forms of a value that W&B takes too, as the form that the field's type describes."""
    if isinstance(value, Path):
        return str(value)
    if field == "mode":
        return _MODE_NAMES.get(value, value)
    if field == "resume" and isinstance(value, bool):
        return "auto" if value else None
    if field == "reinit" and (value is None or isinstance(value, bool)):
        return {None: "default", True: "finish_previous", False: "return_previous"}[value]
    if field in _LISTS and value is not None:
        return tuple(value)
    if isinstance(value, str) and _field_types()[field] in (bool, bool | None):
        return _boolean(value)
    return value


def _boolean(text: str) -> Any:
    lowered = text.lower()
    if lowered in _TRUE:
        return True
    return False if lowered in _FALSE else text
