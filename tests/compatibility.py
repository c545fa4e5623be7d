"""The tables of docs/compatibility.md, made from tests/compatibility.toml and the tests' marks.

`python -m tests.compatibility` writes them; a contract test fails while they are not up to date.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["BEGIN", "PAGE", "Call", "calls", "page", "tests_of_calls"]

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "compatibility.md"
BEGIN = "<!-- From here on generated: python -m tests.compatibility -->"
MARK = "pytest.mark.covers"
HEAD = (
    "| call | use | here | shown by | with the official client, by |",
    "|---|---|---|---|---|",
)
INTRODUCTION = (
    "## Every call\n\nThe column *use* ranks a call by how much scripts and integrations depend on"
    " it. Each test runs against the real thing; those of the last column log with the unmodified"
    " `wandb` package."
)


class Call(NamedTuple):
    """A row of the tables; `name` is what marks say."""

    section: str
    name: str
    text: str
    level: str
    remark: str


def calls() -> list[Call]:
    """All rows, in order."""
    data = tomllib.loads(TESTS.joinpath("compatibility.toml").read_text())
    return [Call(section["title"], *row) for section in data["section"] for row in section["rows"]]


def tests_of_calls() -> dict[str, list[str]]:
    """By the name of a call: `path::test` of all tests that are marked with it."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for test, name in _marks(path):
            found.setdefault(name, []).append(f"{path.relative_to(TESTS).as_posix()}::{test}")
    return found


def _marks(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.parse(path.read_text()).body:
        for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == MARK:
                yield from ((node.name, ast.literal_eval(argument)) for argument in mark.args)


def page(written: str) -> str:
    """The page: what is written by hand up to BEGIN, and the tables."""
    tests = tests_of_calls()
    lines = [written.partition(BEGIN)[0].rstrip(), "", BEGIN, "", INTRODUCTION]
    section = ""
    for call in calls():
        if call.section != section:
            section = call.section
            lines += ["", f"### {section}", "", *HEAD]
        lines.append(_row(call, tests.get(call.name, [])))
    return "\n".join(lines) + "\n"


def _row(call: Call, tests: list[str]) -> str:
    official = [test for test in tests if test.startswith("official/")]
    ours = [test for test in tests if test not in official]
    cells = (f"`{call.text}`" if "(" in call.text else call.text, call.level, call.remark)
    return f"| {' | '.join(cells)} | {_links(ours)} | {_links(official)} |"


def _links(tests: list[str]) -> str:
    return "<br>".join(f"[{_sentence(t)}](../tests/{t.partition('::')[0]})" for t in tests)


def _sentence(test: str) -> str:
    return test.partition("::")[2].removeprefix("test_").replace("_", " ")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
