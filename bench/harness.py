"""What every benchmark shares: rows with a goal, interleaved repeats, results as JSON and table.

A benchmark is a module with `measure() -> list[Row]`. Every row holds our number and that of a
baseline or peer from the same run: on a shared machine ratios can be trusted, times less.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

__all__ = [
    "RESULTS",
    "Goal",
    "Row",
    "circumstances",
    "interleaved",
    "load_rows",
    "median",
    "percentile",
    "save",
    "table",
]

T = TypeVar("T")

RESULTS = Path(__file__).parent / "results"
PACKAGES = (
    "fastapi",
    "lossboard",
    "msgspec",
    "numpy",
    "sqlalchemy",
    "torch",
    "trackio",
    "uvicorn",
    "wandb",
)


@dataclass(frozen=True)
class Goal:
    """Bounds of our number, and how many times better than which peers it has to be."""

    at_most: float | None = None
    at_least: float | None = None
    times_better: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [f"≤ {shown(self.at_most)}"] if self.at_most is not None else []
        parts += [f"≥ {shown(self.at_least)}"] if self.at_least is not None else []
        parts += [f"{factor:g}x {peer}" for peer, factor in self.times_better.items()]
        return ", ".join(parts)


@dataclass(frozen=True)
class Row:
    """One measured quantity; `peers` are in the same unit, `samples` says how often each ran."""

    what: str
    unit: str
    ours: float
    peers: Mapping[str, float]
    samples: int
    goal: Goal = Goal()
    more_is_better: bool = False

    def times_better(self, peer: str) -> float:
        ours, other = self.ours, self.peers[peer]
        if self.more_is_better:
            ours, other = other, ours
        return other / ours if ours else float("inf")

    @property
    def met(self) -> bool:
        goal = self.goal
        return (
            (goal.at_most is None or self.ours <= goal.at_most)
            and (goal.at_least is None or self.ours >= goal.at_least)
            and all(self.times_better(peer) >= n for peer, n in goal.times_better.items())
        )

    @property
    def verdict(self) -> str:
        return "" if not str(self.goal) else "met" if self.met else "MISSED"


def interleaved(cases: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Every case once a round, so that a slow minute of the machine hits all of them."""
    results: dict[str, list[T]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            results[name].append(case())
    return results


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def percentile(values: Iterable[float], percent: float) -> float:
    """The value that `percent` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def save(name: str, rows: list[Row]) -> None:
    """Writes `results/<name>.json` with the machine, the versions and the date."""
    RESULTS.mkdir(exist_ok=True)
    content = {
        "benchmark": name,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(),
        "versions": versions(),
        "rows": [{**asdict(row), "verdict": row.verdict} for row in rows],
    }
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text)


def load_rows(name: str) -> list[Row]:
    """The rows of the last run of that benchmark."""
    return [row_from(entry) for entry in load(name)["rows"]]


def circumstances(name: str) -> str:
    """When and on what the last run of that benchmark was."""
    content = load(name)
    machine = content["machine"]
    packages = ", ".join(f"{package} {version}" for package, version in content["versions"].items())
    return (
        f"{content['date']}; {machine['processor']}, {machine['cores']} cores,"
        f" load {machine['load'][0]}; {packages}"
    )


def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return content


def row_from(entry: dict[str, Any]) -> Row:
    fields = {name: value for name, value in entry.items() if name != "verdict"}
    return Row(**{**fields, "goal": Goal(**fields["goal"])})


def machine() -> dict[str, Any]:
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "load": [round(value, 1) for value in os.getloadavg()],
    }


def processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def versions() -> dict[str, str]:
    installed = {d.metadata["Name"].lower(): d.version for d in importlib.metadata.distributions()}
    found = {name: installed[name] for name in PACKAGES if name in installed}
    return {"python": platform.python_version(), **found}


def shown(value: float) -> str:
    """Four significant digits, without exponents."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def table(rows: list[Row]) -> str:
    """A Markdown table."""
    lines = ["| what | unit | lossboard | others | goal | |", "|---|---|---|---|---|---|"]
    for row in rows:
        others = ", ".join(
            f"{peer} {shown(value)} ({row.times_better(peer):.2g}x)"
            for peer, value in row.peers.items()
        )
        cells = [row.what, row.unit, shown(row.ours), others, str(row.goal), row.verdict]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
