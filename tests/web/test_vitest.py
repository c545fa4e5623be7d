"""The dashboard's own checks, run from here so that one command tests everything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"


def run_npx(*arguments: str) -> subprocess.CompletedProcess[str]:
    npx = shutil.which("npx")
    if npx is None or not (WEB / "node_modules").is_dir():
        pytest.skip("the dashboard's packages are not installed: run `npm ci` in web/")
    return subprocess.run(
        [npx, *arguments], cwd=WEB, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_maths_of_the_dashboard_agrees_with_its_golden_vectors() -> None:
    done = run_npx("vitest", "run", "--testTimeout=30000")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_has_no_type_errors() -> None:
    done = run_npx("tsc", "--noEmit")
    assert done.returncode == 0, done.stdout + done.stderr
