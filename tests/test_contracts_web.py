"""Who may import whom in the dashboard (docs/architecture.md, section 3), read from its sources."""

from __future__ import annotations

import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "web" / "src"
SCRIPTS = {".ts", ".tsx"}

# `import x from './a'`, `export * from './a'`, `import './a.css'`, `import('./a')`, also of types,
# and `new URL('./a', import.meta.url)` of a worker.
RELATIVE = re.compile(r"""(?:\bfrom|\bimport|\bnew URL\()\s*\(?\s*(["'])(\.{1,2}/[^"'\n]+)\1""")
ROW = re.compile(r"^\| `(web/src[^`]*)` \| ([^|]*) \|", re.MULTILINE)


@cache
def imports() -> dict[Path, set[Path]]:
    """Every script of the dashboard and the files that it imports, for types or at run time."""
    scripts = [path for path in SOURCES.rglob("*") if path.suffix in SCRIPTS]
    return {path: {found(path, spec) for spec in named_in(path)} for path in scripts}


def named_in(path: Path) -> list[str]:
    return [spec for _, spec in RELATIVE.findall(path.read_text())]


def found(path: Path, spec: str) -> Path:
    base = (path.parent / spec.split("?")[0]).resolve()
    candidates = [base, *(base.with_name(base.name + ending) for ending in sorted(SCRIPTS))]
    files = [candidate for candidate in candidates if candidate.is_file()]
    assert files, f"{path.relative_to(ROOT)} imports {spec}, which is no file"
    return files[0]


@cache
def allowed() -> dict[str, set[str]]:
    """The rows of the table in docs/architecture.md that are about the dashboard."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text.split("### Who may import whom")[1].split("\n#")[0]
    return {folder: set(re.findall(r"`([^`]+)`", cell)) for folder, cell in ROW.findall(table)}


def folder_of(path: Path) -> str:
    return path.parent.relative_to(ROOT).as_posix()


def folder_imports() -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {folder_of(path): set() for path in imports()}
    for path, targets in imports().items():
        graph[folder_of(path)] |= {folder_of(target) for target in targets}
    return {folder: targets - {folder} for folder, targets in graph.items()}


def circle_in(graph: dict[str, set[str]]) -> list[str] | None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return None


def test_no_file_of_the_dashboard_takes_part_in_a_circle_of_imports() -> None:
    named = {
        path.relative_to(SOURCES).as_posix(): {t.relative_to(SOURCES).as_posix() for t in targets}
        for path, targets in imports().items()
    }
    assert circle_in(named) is None


def test_no_folder_of_the_dashboard_takes_part_in_a_circle_of_imports() -> None:
    assert circle_in(folder_imports()) is None


def test_every_folder_of_the_dashboard_has_a_row_in_the_architecture() -> None:
    assert set(allowed()) == set(folder_imports())


@pytest.mark.parametrize("folder", sorted(folder_imports()))
def test_a_folder_of_the_dashboard_imports_what_the_architecture_says(folder: str) -> None:
    """Exactly that: a row that allows more than is used says nothing about the code."""
    assert folder_imports()[folder] == allowed()[folder]


PANEL_KINDS = re.search(
    r"const PANEL_KINDS = \[(.*?)\]", (SOURCES / "state" / "panelIds.ts").read_text(), re.DOTALL
)


def test_the_id_of_a_panel_is_made_and_parsed_in_one_place() -> None:
    assert PANEL_KINDS is not None
    kinds = "|".join(re.findall(r"'(\w+)'", PANEL_KINDS[1]))
    made = re.compile(
        rf"`(?:\$\{{[\w.]*kind\}}|{kinds}) \$\{{(?:[\w.]+\.)?(?:key|name|path)\}}`"
        rf"|startsWith\(['\"`](?:{kinds}) "
    )
    by_hand = {path.name for path in imports() if made.search(path.read_text())}
    assert by_hand == {"panelIds.ts"}


CLASS = re.compile(r"\.([a-zA-Z][\w-]*)")
# words of two letters, levels of headings, and the sixteen colours of a terminal: ink and ground
SHORT_CLASSES = re.compile(r"in|of|on|[fgh]\d+")


def selectors_of(sheet: Path) -> list[str]:
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    return [part.strip() for one in re.findall(r"([^{};]+)\{", text) for part in one.split(",")]


def test_the_classes_of_the_style_sheets_are_words() -> None:
    selectors = [one for sheet in SOURCES.rglob("*.css") for one in selectors_of(sheet)]
    names = {name for selector in selectors for name in CLASS.findall(selector)}
    short = {name for name in names if len(name) < 3}
    assert not {name for name in short if not SHORT_CLASSES.fullmatch(name)}


# what narrow screens change, and two documents of their own
SHEETS_APART = {"fold.css", "viewer.css", "explore.css"}
ALONE = re.compile(r"\.[^\s>+~]+")  # a class with its states and variants, inside nothing


def styled_alone() -> dict[str, dict[str, set[str]]]:
    """Selectors that hold wherever their classes stand: sheet -> selector -> its classes."""
    sheets = [path for path in SOURCES.rglob("*.css") if path.name not in SHEETS_APART]
    return {
        sheet.name: {
            one: set(CLASS.findall(one)) for one in selectors_of(sheet) if ALONE.fullmatch(one)
        }
        for sheet in sheets
    }


def test_a_class_is_styled_in_one_sheet_others_only_place_it_inside_classes_of_theirs() -> None:
    """A variant belongs to the sheet that alone knows one of its classes, as `.table.runs`."""
    sheets_of: dict[str, set[str]] = {}
    for sheet, selectors in styled_alone().items():
        for name in set().union(*selectors.values()):
            sheets_of.setdefault(name, set()).add(sheet)
    shared = {
        (sheet, selector)
        for sheet, selectors in styled_alone().items()
        for selector, names in selectors.items()
        if not any(sheets_of[name] == {sheet} for name in names) and not is_home(sheet, names)
    }
    assert not shared


def is_home(sheet: str, names: set[str]) -> bool:
    """No other sheet styles one of these classes by itself."""
    return all(
        {name} not in selectors.values()
        for other, selectors in styled_alone().items()
        if other != sheet
        for name in names
    )
