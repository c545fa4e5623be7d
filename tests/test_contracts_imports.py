"""Who may import whom and who may write tables: the table of docs/architecture.md, section 3."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "lossboard": ROOT / "client" / "lossboard",
    "lossboard_server": ROOT / "server" / "lossboard_server",
}
HEAVY = {"torch", "fastapi", "sqlalchemy", "pandas", "PIL", "httpx", "requests", "http.client"}
HEADING = "| folder | may import | may write tables |"
BRACES = re.compile(r"(.*)\{(.*)\}(.*)")
WRITES = {"insert", "update", "delete"}
SQL_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\s")


@dataclass(frozen=True)
class Row:
    """One row: the folders and modules that it speaks of, and what they may import, as paths."""

    places: tuple[str, ...]
    named: frozenset[str]
    all_above: frozenset[str]
    may_write: bool

    @property
    def may_import(self) -> frozenset[str]:
        return self.named | self.all_above | {*self.places}


def spelled_out(path: str) -> list[str]:
    """`a/{b,c}.py` is a/b.py and a/c.py."""
    if braces := BRACES.fullmatch(path):
        return [f"{braces[1]}{name.strip()}{braces[3]}" for name in braces[2].split(",")]
    return [path]


def quoted(cell: str) -> list[str]:
    return [path for name in re.findall(r"`([^`]+)`", cell) for path in spelled_out(name)]


def table() -> Iterator[list[str]]:
    """The cells of the rows about Python, of every table with this heading."""
    inside = False
    for line in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines():
        inside = line == HEADING or (inside and line.startswith("|"))
        if inside and line.startswith(("| `client/", "| `server/")):
            yield [cell.strip() for cell in line.strip("|").split("|")]


@cache
def rows() -> list[Row]:
    """From the ground up; a name without its package means the package of its row."""
    made: list[Row] = []
    for first, second, third in table():
        places = quoted(first)
        package = "/".join(places[0].split("/")[:2])
        named = frozenset(in_full(name, package) for name in quoted(second))
        above = {p for row in made for p in row.places if p.startswith(package)}
        all_above = frozenset(above if second.startswith("all above") else ())
        made.append(Row(tuple(places), named, all_above, third == "yes"))
    return made


def in_full(name: str, package: str) -> str:
    path = name if name.startswith(("client/", "server/")) else f"{package}/{name}"
    return path if path.endswith("/") else f"{path.removesuffix('.py')}.py"


def row_of(place: str) -> Row | None:
    return next((row for row in rows() if place in row.places), None)


@cache
def modules() -> dict[str, Path]:
    """Dotted name of every module of both packages and its file."""
    found = {}
    for package, directory in PACKAGES.items():
        for path in directory.rglob("*.py"):
            parts = path.relative_to(directory).with_suffix("").parts
            found[".".join([package, *parts]).removesuffix(".__init__")] = path
    return found


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def place_of(name: str) -> str:
    """The folder at the top of its package that a module lies in, or the file that lies there; a
    folder in one of these only if it has a row of its own."""
    package, _, inner = name.partition(".")
    directory = PACKAGES[package].relative_to(ROOT).as_posix()
    first, second = [*(inner.split(".") if inner else ["__init__"]), ""][:2]
    if row_of(f"{directory}/{first}/{second}/"):
        return f"{directory}/{first}/{second}/"
    folder = (PACKAGES[package] / first).is_dir()
    return f"{directory}/{first}{'/' if folder else '.py'}"


def imports_in(path: Path, *, types: bool) -> Iterator[str]:
    """Dotted names that the module imports, also inside functions; those for types on request."""
    pending: list[ast.AST] = [parsed(path)]
    while pending:
        node = pending.pop()
        if not types and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from imported_from(node, path)
        pending.extend(ast.iter_child_nodes(node))


def imported_from(node: ast.ImportFrom, path: Path) -> Iterator[str]:
    assert node.level == 0, f"{path}:{node.lineno}: write the import of {node.module} absolutely"
    known = modules()
    for alias in node.names:
        submodule = f"{node.module}.{alias.name}"
        yield submodule if submodule in known else str(node.module)


@cache
def own_imports(name: str, *, types: bool = False) -> set[str]:
    """The modules of our two packages that module `name` imports."""
    known = modules()
    return {target for target in imports_in(known[name], types=types) if target in known}


@cache
def arrows() -> dict[str, dict[str, set[str]]]:
    """For each place what it imports of other places, types too, and in which modules."""
    found: dict[str, dict[str, set[str]]] = {place_of(name): defaultdict(set) for name in modules()}
    for name in modules():
        for target in own_imports(name, types=True):
            if place_of(target) != place_of(name):
                found[place_of(name)][place_of(target)].add(f"{name} imports {target}")
    return found


@cache
def writing_helpers() -> set[str]:
    """Functions of `database/` that write what they are given: who takes one writes."""
    helpers = set()
    for name, path in modules().items():
        if name.startswith("lossboard_server.database."):
            functions = [n for n in parsed(path).body if isinstance(n, ast.FunctionDef)]
            helpers |= {f"{name}.{f.name}" for f in functions if any(map(writes, ast.walk(f)))}
    return helpers


def writes(node: ast.AST) -> bool:
    """Whether this is an insert, update or delete of SQLAlchemy, or one in SQL's words."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return SQL_WRITES.match(node.value) is not None
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in WRITES
    bare = not node.args and not node.keywords  # a set's, a hash's and a list's take something
    return isinstance(node.func, ast.Attribute) and node.func.attr in WRITES and bare


def writing_lines(name: str) -> list[str]:
    """Where a module of the server writes tables."""
    nodes = list(ast.walk(parsed(modules()[name])))
    calls = [f"{name}:{node.lineno}" for node in nodes if writes(node) and hasattr(node, "lineno")]
    taken = [
        f"{name} takes {helper}"
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (helper := f"{node.module}.{alias.name}") in writing_helpers()
    ]
    return calls + taken


def writing_places() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in modules():
        if name.startswith("lossboard_server") and (lines := writing_lines(name)):
            found[place_of(name)] += lines
    return dict(found)


def test_every_folder_and_every_module_at_the_top_stands_in_the_table_once() -> None:
    named = [place for row in rows() for place in row.places]
    assert sorted(named) == sorted(arrows())


@pytest.mark.parametrize("place", sorted(arrows()))
def test_a_folder_imports_only_what_the_table_allows(place: str) -> None:
    row = row_of(place)
    allowed = row.may_import if row else set()
    assert {to: by for to, by in arrows()[place].items() if to not in allowed} == {}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.places[0])
def test_the_table_allows_nothing_that_no_module_needs(row: Row) -> None:
    """Of what a row names itself; "all above" is a word for many."""
    used = {to for place in row.places for to in arrows().get(place, {})}
    assert row.named - used == set()


def test_only_the_folders_that_the_table_marks_write_tables() -> None:
    marked = {place for row in rows() if row.may_write for place in row.places}
    found = writing_places()
    assert {place: lines for place, lines in found.items() if place not in marked} == {}
    assert marked == set(found)


def test_storage_knows_neither_errors_that_clients_see_nor_the_web_framework() -> None:
    names = [name for name in modules() if name.startswith("lossboard_server.storage")]
    seen = {target for name in names for target in imports_in(modules()[name], types=True)}
    assert names
    assert not [t for t in seen if t.split(".")[0] in ("fastapi", "starlette")]
    assert "lossboard_server.errors" not in seen


def test_the_client_never_imports_the_server() -> None:
    client = [name for name in modules() if name.split(".")[0] == "lossboard"]
    seen = {target for name in client for target in own_imports(name, types=True)}
    assert not [target for target in seen if target.startswith("lossboard_server")]


def test_no_module_takes_part_in_a_circle_of_imports() -> None:
    TopologicalSorter({name: own_imports(name) - {name} for name in modules()}).prepare()


def test_no_folder_takes_part_in_a_circle_of_imports() -> None:
    """Types count. Integrations of other libraries use the public module like users do, and it
    loads them only when they are asked for: that circle is none."""
    graph = {place: set(targets) for place, targets in arrows().items()}
    graph["client/lossboard/__init__.py"] -= {"client/lossboard/integration/"}
    TopologicalSorter(graph).prepare()


def test_the_table_stands_in_the_order_of_imports() -> None:
    """From the ground up, but for the integrations, which stand on the public module."""
    order = {place: number for number, row in enumerate(rows()) for place in row.places}
    upward = [
        f"{place} imports {target}"
        for place, targets in arrows().items()
        for target in targets
        if order[target] > order[place] and not place.endswith("/integration/")
    ]
    assert upward == []


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT / "client",
    )
    return set(answer.stdout.split())


def test_importing_lossboard_loads_numpy_and_msgspec_and_nothing_heavy() -> None:
    loaded = loaded_by("import lossboard; lossboard.init, lossboard.Settings")
    assert {"numpy", "msgspec"} <= loaded
    assert not HEAVY & loaded


def test_importing_lossboard_starts_no_thread_and_reads_no_environment() -> None:
    watcher = (
        "import os, threading, numpy, msgspec;"
        "read = [];"
        "kind = type(os.environ);"
        "get = kind.__getitem__;"
        "kind.__getitem__ = lambda self, key: (read.append(key), get(self, key))[1];"
        "import lossboard;"
        "assert not [key for key in read if 'LOSSBOARD' in key or 'WANDB' in key], read;"
        "assert threading.active_count() == 1"
    )
    assert "lossboard" in loaded_by(watcher)


WEB_FRAMEWORK = {"fastapi", "starlette"}
SPEAKING_HTTP = ("http", "app", "services")  # and the routes of the official door


def outside_imports(name: str) -> set[str]:
    """First parts of the names of the libraries that a module of ours imports."""
    known = modules()
    imported = set(imports_in(known[name], types=False))
    return {target.split(".")[0] for target in imported - set(known)}


def test_only_what_speaks_http_imports_the_web_framework() -> None:
    importing = {
        name.removeprefix("lossboard_server.")
        for name in modules()
        if name.startswith("lossboard_server.") and outside_imports(name) & WEB_FRAMEWORK
    }
    others = {name for name in importing if name.split(".")[0] not in SPEAKING_HTTP}
    assert others == {"wandb_protocol.routes"}


def test_the_errors_of_the_server_are_classes_that_need_no_other_module() -> None:
    name = "lossboard_server.errors"
    assert own_imports(name) == set()
    assert outside_imports(name) <= {"__future__", "typing"}


def test_storage_raises_no_answer_of_the_http_api() -> None:
    storage = [name for name in modules() if name.startswith("lossboard_server.storage.")]
    assert storage
    assert not [name for name in storage if "lossboard_server.errors" in own_imports(name)]


def test_the_official_door_and_the_routes_hold_no_sql() -> None:
    """They ask `queries` and `writing`; of SQLAlchemy they name the connection alone."""
    doors = ("lossboard_server.wandb_protocol", "lossboard_server.http.routes")
    holding = {name for name in modules() if name.startswith(doors) and holds_sql(name)}
    assert holding == set()


def holds_sql(name: str) -> bool:
    if "lossboard_server.database.schema" in own_imports(name):
        return True
    imports = list(ast.walk(ast.parse(modules()[name].read_text())))
    taken = {
        alias.name
        for node in imports
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
    }
    return bool(taken - {"Connection"}) or "sqlalchemy" in {
        alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names
    }


def test_no_folder_of_ours_hides_the_current_run() -> None:
    loaded_by("import lossboard; import lossboard.live_run.run; assert lossboard.run is None")


EACH_FIRST = """
import importlib, os, sys
import torch  # once for all of them, it takes long
import lossboard
for name in sys.argv[1:]:
    child = os.fork()
    if not child:
        importlib.import_module(name)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, name
"""


def test_each_folder_of_the_client_can_be_the_first_that_is_imported() -> None:
    top = {name for name in modules() if name.startswith("lossboard.") and name.count(".") == 1}
    names = sorted(top - {"lossboard.__main__"})
    done = subprocess.run(
        [sys.executable, "-c", EACH_FIRST, *names],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT / "client",
    )
    assert done.returncode == 0, done.stderr
