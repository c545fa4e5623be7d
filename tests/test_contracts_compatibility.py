"""docs/compatibility.md is what the tests say, and what scripts need is tested."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def compatibility() -> Any:
    """The generator, which is no part of an installed package."""
    spec = spec_from_file_location("compatibility", Path(__file__).with_name("compatibility.py"))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(compatibility: Any) -> None:
    written = compatibility.PAGE.read_text()
    assert written == compatibility.page(written), "run: python -m tests.compatibility"


def test_tests_are_marked_with_calls_that_are_listed(compatibility: Any) -> None:
    listed = {call.name for call in compatibility.calls()}
    assert set(compatibility.tests_of_calls()) - listed == set()


def test_a_call_is_listed_once_with_a_level(compatibility: Any) -> None:
    names = [call.name for call in compatibility.calls()]
    assert len(names) == len(set(names))
    levels = {call.level for call in compatibility.calls()}
    assert levels == {"must", "should", "could", "skip"}


def test_every_call_that_scripts_need_is_shown_by_a_test_of_ours(compatibility: Any) -> None:
    tests = compatibility.tests_of_calls()
    ours = {name for name, found in tests.items() if any("official/" not in test for test in found)}
    needed = {call.name for call in compatibility.calls() if call.level in ("must", "should")}
    assert needed - ours == set()
