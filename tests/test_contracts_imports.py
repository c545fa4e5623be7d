"""Who may import whom (docs/architecture.md, section 3), read from the sources."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "lossboard": ROOT / "client" / "lossboard",
    "lossboard_server": ROOT / "server" / "lossboard_server",
}
SHARED_WITH_SERVER = {"lossboard.wire", "lossboard.histogram", "lossboard.bounds"}
HEAVY = {"torch", "fastapi", "sqlalchemy", "pandas", "PIL", "httpx", "requests", "http.client"}

# What stands in one line must not reach, through anything it imports, what stands in a later one.
LAYERS = {
    "lossboard": (
        {"wire", "bounds"},
        {"histogram", "spool", "transport"},
        {"watch", "sender", "run_config", "run_summary", "media", "console", "api"},
        {"live_run"},
        {"cli"},
    ),
    "lossboard_server": (
        {"schema"},
        {"storage", "sampling"},
        {"ingest", "catalogue", "queries"},
        {"routes", "wandb_protocol"},
        {"app"},
        {"commands", "demo"},
    ),
}


@cache
def modules() -> dict[str, Path]:
    """Dotted name of every module of both packages and its file."""
    found = {}
    for package, directory in PACKAGES.items():
        for path in directory.rglob("*.py"):
            parts = path.relative_to(directory).with_suffix("").parts
            found[".".join([package, *parts]).removesuffix(".__init__")] = path
    return found


def imported_at_run_time(path: Path, name: str) -> Iterator[str]:
    """Dotted names that the module imports, also inside functions; not those for types only."""
    pending: list[ast.AST] = [ast.parse(path.read_text())]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from imported_from(node, path, name)
        pending.extend(ast.iter_child_nodes(node))


def imported_from(node: ast.ImportFrom, path: Path, name: str) -> Iterator[str]:
    assert node.level == 0, f"{path}:{node.lineno}: write the import of {node.module} absolutely"
    known = modules()
    for alias in node.names:
        submodule = f"{node.module}.{alias.name}"
        yield submodule if submodule in known else str(node.module)


@cache
def own_imports(name: str) -> set[str]:
    """The modules of our two packages that module `name` imports."""
    known = modules()
    return {target for target in imported_at_run_time(known[name], name) if target in known}


def reached_from(name: str) -> set[str]:
    """Everything that importing the module may load of our packages, itself not counted."""
    reached: set[str] = set()
    pending = [name]
    while pending:
        new = own_imports(pending.pop()) - reached
        reached |= new
        pending += new
    return reached - {name}


def layer_of(name: str) -> int | None:
    """None for a module that the architecture does not name: it is judged by who imports it."""
    package, _, inner = name.partition(".")
    first = inner.split(".")[0]
    ranks = (rank for rank, names in enumerate(LAYERS[package]) if first in names)
    return next(ranks, None)


@pytest.mark.parametrize("name", sorted(name for name in modules() if layer_of(name) is not None))
def test_a_module_reaches_no_layer_above_its_own(name: str) -> None:
    own = layer_of(name)
    package = name.split(".")[0]
    ranks = {target: layer_of(target) for target in reached_from(name)}
    above = {t for t, rank in ranks.items() if rank is not None and own is not None and rank > own}
    assert not {t for t in above if t.split(".")[0] == package}


def test_every_layer_names_modules_that_exist() -> None:
    named = {
        f"{package}.{name}" for package in LAYERS for layer in LAYERS[package] for name in layer
    }
    assert named <= set(modules())


def test_the_client_never_imports_the_server() -> None:
    client = [name for name in modules() if name.split(".")[0] == "lossboard"]
    assert not [name for name in client if any("lossboard_server" in t for t in own_imports(name))]


def test_the_server_sees_only_wire_and_histogram_of_the_client() -> None:
    server = [name for name in modules() if name.split(".")[0] == "lossboard_server"]
    seen = {target for name in server for target in own_imports(name)}
    assert {t for t in seen if t.split(".")[0] == "lossboard"} <= SHARED_WITH_SERVER


def test_no_module_takes_part_in_a_circle_of_imports() -> None:
    TopologicalSorter({name: own_imports(name) - {name} for name in modules()}).prepare()


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
