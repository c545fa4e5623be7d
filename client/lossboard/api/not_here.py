"""Calls of W&B's Api that have no meaning on a server of one's own, and the reasons."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from lossboard.errors import UnsupportedError

__all__ = ["NOT_HERE", "refuse"]

_NO_ACCOUNTS: Final = "there are no accounts on a lossboard server, and so no teams"
_NO_LAUNCH: Final = "lossboard starts no jobs"
_NO_AUTOMATIONS: Final = "lossboard has no automations: it calls no other host"
_NO_REGISTRY: Final = "there is no registry: link artifacts to a collection of a project"

NOT_HERE: Final = {
    "create_custom_chart": "charts of users' own definitions are not drawn: use wandb.plot",
    "reports": "there are no reports: share a link to a view of the dashboard",
    **dict.fromkeys(
        ("create_team", "create_user", "organization", "team", "user", "users"), _NO_ACCOUNTS
    ),
    **dict.fromkeys(
        ("create_run_queue", "job", "jobs", "list_jobs", "queued_run", "run_queue"), _NO_LAUNCH
    ),
    "upsert_run_queue": _NO_LAUNCH,
    **dict.fromkeys(
        (
            *("automation", "automations", "create_automation", "delete_automation"),
            *("integrations", "slack_integrations", "update_automation", "webhook_integrations"),
        ),
        _NO_AUTOMATIONS,
    ),
    **dict.fromkeys(("create_registry", "registries", "registry"), _NO_REGISTRY),
}


def refuse(name: str, *arguments: Any, **named: Any) -> NoReturn:
    """Raises UnsupportedError with the reason why there is no such call."""
    raise UnsupportedError(f"lossboard has no Api().{name}: {NOT_HERE[name]}")
