"""Golden vectors for the dashboard's maths, written by numpy, scipy and scikit-learn.

`python tests/golden/make_vectors.py` writes `web/test/golden/*.json`; Vitest holds the code to
them with a relative error of 1e-9 (forests of other random draws: 0.04). Formulas: docs of each
function below; NaN is null.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

OUT = Path(__file__).resolve().parents[2] / "web" / "test" / "golden"
Array = np.ndarray[Any, Any]


def buckets(rng: np.random.Generator, n: int, even: bool, broken: bool) -> dict[str, Array]:
    """A noisy falling curve as buckets of one to nine points, on even or uneven x."""
    x = np.arange(n) * 64.0 if even else np.cumsum(rng.integers(1, 40, n)).astype(float)
    mean = 2.0 * np.exp(-np.arange(n) / (n / 4)) + 0.2 * rng.normal(size=n)
    count = rng.integers(1, 10, n).astype(float)
    if broken:
        gone = rng.choice(n, n // 10, replace=False)
        mean[gone] = np.nan
        count[gone] = 0
    return {"x": x, "mean": mean, "count": count}


def twema(x: Array, mean: Array, count: Array, span: float, p: float) -> Array:
    """Closed form: the mean of all before, weighted by w^(distance / range * 1000)."""
    w = min(math.sqrt(p), 0.999)
    out = np.full(len(x), np.nan)
    for i in np.flatnonzero(np.isfinite(mean)):
        past = np.flatnonzero(np.isfinite(mean[: i + 1]))
        weights = count[past] * np.power(w, (x[i] - x[past]) / span * 1000)
        out[i] = np.dot(weights, mean[past]) / weights.sum()
    return out


def ema(mean: Array, count: Array, p: float) -> Array:
    """Each bucket repeated as its raw points, one plain debiased step for each."""
    out = np.full(len(mean), np.nan)
    last, weight = 0.0, 0.0
    for i in np.flatnonzero(np.isfinite(mean)):
        for _ in range(int(count[i])):
            last = p * last + (1 - p) * mean[i]
            weight = p * weight + (1 - p)
        out[i] = last / weight
    return out


def gaussian(x: Array, mean: Array, count: Array, sigma: float) -> Array:
    """The full matrix of distances; weights beyond 3 sigma are 0."""
    finite = np.isfinite(mean)
    distance = x[:, None] - x[None, :]
    weights = np.exp(-0.5 * (distance / sigma) ** 2) * (np.abs(distance) <= 3 * sigma * (1 + 1e-12))
    weights = weights * np.where(finite, count, 0)[None, :]
    out = weights @ np.where(finite, mean, 0) / np.where(finite, weights.sum(axis=1), 1)
    return np.where(finite, out, np.nan)


def running(mean: Array, count: Array, points: int) -> Array:
    """Every raw point as two halves; the mean of the 2 * points halves around a bucket's middle."""
    finite = np.flatnonzero(np.isfinite(mean))
    halves = np.repeat(mean[finite], (2 * count[finite]).astype(int))
    ends = np.cumsum(2 * count[finite])
    out = np.full(len(mean), np.nan)
    for k, i in enumerate(finite):
        centre = int(ends[k] - count[i])
        out[i] = halves[max(0, centre - points) : centre + points].mean()
    return out


def smoothing_case(rng: np.random.Generator, even: bool, broken: bool) -> dict[str, Any]:
    data = buckets(rng, 80, even, broken)
    x, mean, count = data["x"], data["mean"], data["count"]
    span = float(x[-1] - x[0]) * 1.3
    spacing = float(x[-1] - x[0]) / (count.sum() - 1)
    outs = [("twema", p, twema(x, mean, count, span, p)) for p in (0.0, 0.3, 0.9, 0.999)]
    outs += [("ema", p, ema(mean, count, p)) for p in (0.0, 0.3, 0.9, 0.99)]
    outs += [("gaussian", s, gaussian(x, mean, count, s * spacing)) for s in (0.5, 10.0, 77.0)]
    outs += [("average", n, running(mean, count, n)) for n in (1, 2, 7, 50, 5000)]
    return {
        **{name: encode(column) for name, column in data.items()},
        "xRange": span,
        "spacing": spacing,
        "outs": [{"kind": kind, "amount": p, "out": encode(out)} for kind, p, out in outs],
    }


def smoothing_cases() -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    kinds = [(even, broken) for even in (True, False) for broken in (True, False)]
    return [smoothing_case(rng, even, broken) for even, broken in kinds]


def rebin(edges: Array, counts: Array, target: Array) -> Array:
    """Differences of the cumulative mass, which is piecewise linear, at the target's edges."""
    mass = np.concatenate([[0.0], np.cumsum(counts)])
    return np.diff(np.interp(target, edges, mass))


def rebin_cases() -> list[dict[str, Any]]:
    rng = np.random.default_rng(2)
    cases = []
    for bins, cells in ((64, 83), (64, 17), (1, 40), (512, 64), (7, 7)):
        edges = np.sort(rng.normal(size=bins + 1))
        counts = rng.integers(0, 1000, bins).astype(float)
        for lo, hi in ((edges[0] - 1, edges[-1] + 1), (edges[0] / 2, edges[-1] / 2)):
            target = np.linspace(lo, hi, cells + 1)
            cases.append(
                {
                    "edges": encode(edges),
                    "counts": encode(counts),
                    "target": encode(target),
                    "out": encode(rebin(edges, counts, target)),
                    "outside": float(counts.sum() - rebin(edges, counts, target).sum()),
                }
            )
    return cases


def kde_cases() -> list[dict[str, Any]]:
    """Sum over all bins of count * normal density around its centre."""
    rng = np.random.default_rng(3)
    cases = []
    for bins, scale, factor in ((64, 1.0, 1.0), (64, 1e-6, 0.5), (10, 3.0, 2.0), (512, 0.02, 1.0)):
        edges = np.linspace(-4 * scale, 5 * scale, bins + 1)
        counts = np.histogram(rng.normal(0.3, 1, 5000) * scale, edges)[0].astype(float)
        centres = (edges[1:] + edges[:-1]) / 2
        mean = np.average(centres, weights=counts)
        deviation = math.sqrt(np.average((centres - mean) ** 2, weights=counts))
        width = 9 * scale / bins
        h = max(width, 1.06 * deviation * counts.sum() ** -0.2) * factor
        at = np.linspace(-3 * scale, 3 * scale, 50)
        density = (counts * np.exp(-0.5 * ((at[:, None] - centres) / h) ** 2)).sum(axis=1)
        cases.append(
            {
                "edges": encode(edges),
                "counts": encode(counts),
                "factor": factor,
                "bandwidth": h,
                "at": encode(at),
                "out": encode(density / (h * math.sqrt(2 * math.pi))),
            }
        )
    return cases


def magnitude_key(value: float) -> int:
    mantissa, exponent = math.frexp(abs(value))  # 0.5 <= mantissa < 1
    quarter = math.floor(4 * (2 * mantissa - 1))
    return int(math.copysign(4 * (exponent - 1 + 1100) + quarter + 1, value))


def percentile_cases() -> list[dict[str, Any]]:
    """Samples with their magnitude histogram, and numpy's own percentiles of them."""
    rng = np.random.default_rng(4)
    samples = {
        "normal": rng.normal(size=20000),
        "heavy tails": rng.standard_t(2, size=20000) * 1e-4,
        "positive": rng.lognormal(-3, 2, size=20000),
        "with zeros": np.where(rng.random(20000) < 0.4, 0.0, rng.normal(size=20000)),
    }
    cases = []
    for name, values in samples.items():
        keys = [magnitude_key(v) for v in values if v != 0]
        unique, counts = np.unique(keys, return_counts=True)
        bins = np.histogram(values, 64)[0].astype(float)
        cases.append(
            {
                "name": name,
                "lo": float(values.min()),
                "hi": float(values.max()),
                "n": len(values),
                "zeros": int((values == 0).sum()),
                "total": float(values.sum()),
                "squares": float((values**2).sum()),
                "counts": encode(bins),
                "keys": encode(unique.astype(float)),
                "keyCounts": encode(counts.astype(float)),
                "shares": [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99],
                "out": encode(np.percentile(values, [1, 5, 25, 50, 75, 95, 99])),
                "std": float(values.std()),
            }
        )
    return cases


def settings_case(rng: np.random.Generator, rows: int) -> tuple[Array, Array]:
    """Four settings, the last without effect; the result bends in the first."""
    columns = rng.normal(size=(4, rows))
    columns[2] = rng.integers(0, 3, rows)
    noise = 0.2 * rng.normal(size=rows)
    return columns, columns[0] ** 2 + columns[0] + 0.7 * columns[1] + 0.5 * columns[2] + noise


def forest_on_draws(columns: Array, target: Array, draws: Array, leaf: int) -> dict[str, Any]:
    """A forest on given draws of rows: plain decision trees, and R² on the rows not drawn."""
    rows = len(target)
    importance, sums, trees = np.zeros(len(columns)), np.zeros(rows), np.zeros(rows)
    for draw in draws:
        tree = DecisionTreeRegressor(min_samples_leaf=leaf).fit(columns.T[draw], target[draw])
        importance += tree.feature_importances_
        unseen = np.setdiff1d(np.arange(rows), draw)
        sums[unseen] += tree.predict(columns.T[unseen])
        trees[unseen] += 1
    tested = trees > 0
    error = ((target[tested] - sums[tested] / trees[tested]) ** 2).sum()
    spread = ((target[tested] - target[tested].mean()) ** 2).sum()
    return {"importance": (importance / importance.sum()).tolist(), "score": 1 - error / spread}


def forest_cases() -> dict[str, Any]:
    rng = np.random.default_rng(11)
    exact = []
    for rows, leaf in ((60, 6), (150, 12)):
        columns, target = settings_case(rng, rows)
        draws = rng.integers(0, rows, (9, rows))
        given = {"columns": columns.tolist(), "target": target.tolist(), "leaf": leaf}
        wanted = forest_on_draws(columns, target, draws, leaf)
        exact.append(given | {"draws": draws.tolist()} | wanted)
    columns, target = settings_case(rng, 80)
    forest = RandomForestRegressor(2000, oob_score=True, random_state=0).fit(columns.T, target)
    whole = {"importance": forest.feature_importances_.tolist(), "score": forest.oob_score_}
    given = {"columns": columns.tolist(), "target": target.tolist()}
    correlations = {
        "pearson": [float(stats.pearsonr(column, target).statistic) for column in columns],
        "spearman": [float(stats.spearmanr(column, target).statistic) for column in columns],
    }
    return {"exact": exact, "whole": given | whole | correlations}


def encode(values: Array) -> list[float | None]:
    return [None if math.isnan(value) else float(value) for value in values]


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    files = {
        "smooth": smoothing_cases(),
        "rebin": rebin_cases(),
        "kde": kde_cases(),
        "percentiles": percentile_cases(),
        "forest": forest_cases(),
    }
    for name, cases in files.items():
        (OUT / f"{name}.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
