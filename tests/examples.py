"""How many examples a property test draws."""

from __future__ import annotations

from hypothesis import settings


def examples(number: int) -> settings:
    """`number` in profile `steady`, a fifth of it in `quick`, five times as many in `explore`."""
    steady = settings.get_profile("steady").max_examples
    return settings(max_examples=number * settings.default.max_examples // steady)
