"""Rules that every source file keeps: sizes, exports, the environment, errors, fetch, the lock."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = (ROOT / "client" / "lossboard", ROOT / "server" / "lossboard_server")
PUZZLING = ("What ", "What's ", "Where ", "Which ", "Whose ", "Those ", "One of ")  # nobody asked
LINES_PER_FILE = 500
LINES_PER_FUNCTION = 60
FETCHES = re.compile(r"(?<![\w.])(?<!async )fetch\(")
# Spelled in parts, so that this file itself holds none of them.
FORBIDDEN_TEXT = re.compile("|".join(["/wor" + "k/", "/roo" + "t/", "TO" + "DO", "FIX" + "ME"]))


@cache
def tracked(*suffixes: str) -> list[Path]:
    """Files of the checkout that git tracks or would track, with one of the suffixes."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / line for line in listing.stdout.splitlines())
    return sorted(path for path in paths if path.suffix in suffixes and path.is_file())


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def package_modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted(package.rglob("*.py"))]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def exported_names(module: ast.Module) -> list[str]:
    for node in module.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


@cache
def names_taken() -> dict[Path, set[str]]:
    """The names that our modules import from each of our modules; submodules are none."""
    taken: dict[Path, set[str]] = {}
    for node in (n for path in package_modules() for n in ast.walk(parsed(path))):
        if isinstance(node, ast.ImportFrom) and (target := file_of(node.module or "")):
            names = {a.name for a in node.names if not file_of(f"{node.module}.{a.name}")}
            taken.setdefault(target, set()).update(names)
    return taken


@cache
def file_of(name: str) -> Path | None:
    """The file of a module of ours, by its dotted name."""
    for package in PACKAGES:
        place = package.parent.joinpath(*name.split("."))
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_relative_to(package) and path.is_file():
                return path
    return None


@pytest.mark.parametrize("path", sorted(names_taken()), ids=name_of)
def test_what_other_modules_take_from_a_module_stands_in_its_exports(path: Path) -> None:
    """ruff sees that exports are sorted (RUF022) and defined (F822)."""
    taken = names_taken()[path] - {"*"}  # that takes no more than the exports
    assert taken - set(exported_names(parsed(path))) == set()


def test_no_file_is_longer_than_its_limit() -> None:
    lengths = {name_of(p): p.read_text().count("\n") for p in tracked(".py", ".ts", ".tsx", ".css")}
    assert {name: n for name, n in lengths.items() if n > LINES_PER_FILE} == {}


def test_no_function_is_longer_than_its_limit() -> None:
    long = [
        f"{name_of(path)}:{node.lineno}"
        for path in tracked(".py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno > LINES_PER_FUNCTION
    ]
    assert long == []


def test_only_settings_read_the_environment() -> None:
    reading = {
        name_of(path)
        for path in package_modules()
        if re.search(r"\b(environ|getenv)\b", path.read_text())
    }
    assert reading <= {"client/lossboard/settings.py", "server/lossboard_server/settings.py"}


def test_no_docstring_begins_in_the_middle_of_a_thought() -> None:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    puzzling = [
        f"{name_of(path)}:{getattr(node, 'lineno', 1)}"
        for path in package_modules()
        for node in ast.walk(parsed(path))
        if isinstance(node, kinds) and (ast.get_docstring(node) or "").startswith(PUZZLING)
    ]
    assert puzzling == []


def test_no_error_is_swallowed_in_silence() -> None:
    silent = [
        f"{name_of(path)}:{node.lineno}"
        for path in tracked(".py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler) and all(map(does_nothing, node.body))
    ]
    assert silent == []


def does_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def test_no_file_carries_a_path_of_one_machine_or_an_unfinished_marker() -> None:
    texts = tracked(".py", ".ts", ".tsx", ".css", ".md", ".toml", ".json", ".html")
    found = {name_of(p): FORBIDDEN_TEXT.findall(p.read_text()) for p in texts}
    assert {name: words for name, words in found.items() if words} == {}


def test_the_dashboard_calls_fetch_in_one_file() -> None:
    sources = [p for p in tracked(".ts", ".tsx") if p.is_relative_to(ROOT / "web" / "src")]
    calling = [name_of(path) for path in sources if FETCHES.search(path.read_text())]
    assert calling == ["web/src/api/client.ts"]


def test_the_lock_file_names_no_host_and_every_hash() -> None:
    packages = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    installed = {name: entry for name, entry in packages.items() if name}
    assert installed
    assert not [name for name, entry in installed.items() if "resolved" in entry]
    assert not [name for name, entry in installed.items() if "integrity" not in entry]
