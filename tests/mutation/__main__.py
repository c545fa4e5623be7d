"""Breaks rules of the code by hand, one at a time, and says which tests notice.

`python -m tests.mutation` applies each mutation of `mutations.toml` to a copy of the checkout in a
temporary folder, runs the tests that must fail then, and lists the survivors: those under which all
of them pass. Words after it choose mutations by a part of their name. Ends with 1 if any survived.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "node_modules", "*_cache", ".hypothesis")
ALL_PASSED, SOME_FAILED = 0, 1  # pytest's exit codes


def main(words: list[str]) -> int:
    """How many mutations survived, as an exit code."""
    chosen = [one for one in mutations() if not words or any(word in one["name"] for word in words)]
    survivors = []
    with tempfile.TemporaryDirectory(prefix="lossboard-mutation-") as scratch:
        copy = Path(scratch) / "checkout"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        for mutation in chosen:
            killed = is_killed(copy, mutation)
            print(f"{'killed  ' if killed else 'SURVIVED'}  {mutation['name']}", flush=True)
            survivors += [] if killed else [mutation["name"]]
    print(f"{len(chosen)} mutations, {len(survivors)} survived", *survivors, sep="\n  ")
    return 1 if survivors or not chosen else 0


def mutations() -> list[dict[str, Any]]:
    """Each with name, file, old, new and tests."""
    with (Path(__file__).parent / "mutations.toml").open("rb") as file:
        found: list[dict[str, Any]] = tomllib.load(file)["mutation"]
        return found


def is_killed(copy: Path, mutation: dict[str, Any]) -> bool:
    """Whether a test fails on the mutated copy, which is as before afterwards.

    Raises RuntimeError where the tests can't be run at all.
    """
    path = copy / mutation["file"]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(mutation["old"], mutation["new"]), encoding="utf-8")
    try:
        code, output = run_tests(copy, mutation["tests"])
    finally:
        path.write_text(text, encoding="utf-8")
    if code not in (ALL_PASSED, SOME_FAILED):
        raise RuntimeError(f"the tests of {mutation['name']!r} can't be run:\n{output}")
    return code == SOME_FAILED


def run_tests(copy: Path, tests: list[str]) -> tuple[int, str]:
    """pytest's exit code and words; the copy's packages come before any that is installed."""
    roots = os.pathsep.join(str(copy / name) for name in ("client", "server"))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(
        command,
        cwd=copy,
        env=os.environ | {"PYTHONPATH": roots, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
