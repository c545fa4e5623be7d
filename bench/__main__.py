"""Runs the named benchmarks, or all, and prints the table of everything measured so far."""

from __future__ import annotations

import importlib
import sys

from bench.harness import RESULTS, circumstances, load_rows, save, table

__all__ = ["main"]

BENCHMARKS = (
    "log",
    "end_to_end",
    "watch",
    "watch_kinds",
    "ingest",
    "sealing",
    "disk",
    "codecs",
    "charts_http",
    "storage",
    "official",
    "artifacts",
    "charts",
    "runs_table",
    "pages",
)


def main(names: list[str]) -> int:
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"no benchmark {sorted(unknown)}: there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        save(name, importlib.import_module(f"bench.{name}").measure())
    measured = [name for name in BENCHMARKS if (RESULTS / f"{name}.json").exists()]
    where = "\n".join(f"- {name}: {circumstances(name)}" for name in measured)
    text = f"{table([row for name in measured for row in load_rows(name)])}\n\n{where}"
    (RESULTS / "table.md").write_text(text + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
