"""A small figure for every type of trace that Plotly has, all of them in strong colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

__all__ = ["figures"]

RED = "#e00000"
SQUARE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "a",
            "properties": {},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[0, 40], [0, 50], [10, 50], [10, 40], [0, 40]]],
            },
        }
    ],
}
GRID = np.add.outer(np.arange(12.0), np.arange(12.0))
POINTS = np.random.default_rng(0).normal(size=(3, 300))
SPACE = np.stack([axis.ravel() for axis in np.mgrid[-1:1:6j, -1:1:6j, -1:1:6j]])
VALUES = np.square(SPACE).sum(axis=0)
PRICES = {"open": [1, 3, 2], "high": [4, 5, 6], "low": [0, 1, 1], "close": [3, 2, 5]}
PATHS = {"labels": ["all", "left", "right"], "parents": ["", "all", "all"], "values": [3, 2, 1]}
DIMENSIONS = [{"label": name, "values": axis} for name, axis in zip("abc", POINTS, strict=True)]
WORDS = [{"label": name, "values": ["x", "y", "x", "y"]} for name in "ab"]
EUROPE = {"lat": [48.0, 41.0, 52.0], "lon": [2.0, 12.0, 13.0]}
SURFACE = {
    "a": [4, 4, 4, 4.5, 4.5, 4.5, 5, 5, 5, 6, 6, 6],
    "b": [1, 2, 3] * 4,
    "x": [2, 3, 4, 2.2, 3.1, 4.1, 1.5, 2.5, 3.5, 1, 2, 3],
    "y": [2, 3.5, 4, 3, 4.5, 5, 5.5, 6.5, 7.5, 8, 8.5, 10],
}
LOOK = {"marker": {"color": RED, "size": 12}, "mode": "markers"}
AREAS = {"locations": ["a"], "z": [1], "geojson": SQUARE, "colorscale": "Reds"}


def figures() -> dict[str, Any]:
    """By the name of the trace's type."""
    drawn = {name: go.Figure(trace) for name, trace in traces().items()}
    surface = go.Carpet(**SURFACE)
    inner = {"a": [4.2, 4.5, 5], "b": [1.2, 2, 2.8]}
    drawn["scattercarpet"] = go.Figure([surface, go.Scattercarpet(**inner, **LOOK)])
    heights = {"a": SURFACE["a"], "b": SURFACE["b"], "z": list(range(12))}
    drawn["contourcarpet"] = go.Figure([surface, go.Contourcarpet(**heights, colorscale="Reds")])
    tiled = ("scattermap", "densitymap", "choroplethmap")
    return drawn | {f"{name}box": OfMapbox(drawn[name], name) for name in tiled}


class OfMapbox:
    """A map as plotly named it before its seventh version."""

    def __init__(self, figure: go.Figure, name: str) -> None:
        self._text = figure.to_json().replace(f'"{name}"', f'"{name}box"')

    def to_json(self) -> str:
        return self._text


def traces() -> dict[str, Any]:
    return flat() | spatial() | round_or_nested() | maps() | of_webgl()


def flat() -> dict[str, Any]:
    return {
        "scatter": go.Scatter(y=[1, 3, 2], line={"color": RED, "width": 4}),
        "bar": go.Bar(y=[1, 3, 2], marker={"color": RED}),
        "box": go.Box(y=POINTS[0], line={"color": RED}),
        "violin": go.Violin(y=POINTS[0], line={"color": RED}),
        "histogram": go.Histogram(x=POINTS[0], marker={"color": RED}),
        "histogram2d": go.Histogram2d(x=POINTS[0], y=POINTS[1], colorscale="Reds"),
        "histogram2dcontour": go.Histogram2dContour(x=POINTS[0], y=POINTS[1], colorscale="Reds"),
        "heatmap": go.Heatmap(z=GRID, colorscale="Reds"),
        "contour": go.Contour(z=GRID, colorscale="Reds"),
        "image": go.Image(z=np.full((4, 6, 3), (224, 0, 0), np.uint8)),
        "candlestick": go.Candlestick(**PRICES, decreasing={"line": {"color": RED, "width": 5}}),
        "ohlc": go.Ohlc(**PRICES, increasing={"line": {"color": RED, "width": 5}}),
        "waterfall": go.Waterfall(y=[1, 2, -1], increasing={"marker": {"color": RED}}),
        "funnel": go.Funnel(x=[3, 2, 1], y=["a", "b", "c"], marker={"color": RED}),
        "table": go.Table(header={"values": ["a", "b"], "fill": {"color": RED}}),
        "quiver": go.Quiver(
            x=[1, 2, 3], y=[1, 2, 3], u=[1, 1, 1], v=[1, 0, -1], marker={"color": RED}
        ),
        "carpet": go.Carpet(**SURFACE, aaxis={"gridcolor": RED, "gridwidth": 4}),
    }


def spatial() -> dict[str, Any]:
    x, y, z = SPACE
    solid = {"x": x, "y": y, "z": z, "value": VALUES, "colorscale": [[0, RED], [1, RED]]}
    flow = {"x": x, "y": y, "z": z, "u": np.ones_like(x), "v": y, "w": z}
    red = {"colorscale": [[0, RED], [1, RED]]}
    return {
        "scatter3d": go.Scatter3d(x=POINTS[0], y=POINTS[1], z=POINTS[2], **LOOK),
        "surface": go.Surface(z=GRID, **red),
        "mesh3d": go.Mesh3d(x=[0, 1, 0, 0], y=[0, 0, 1, 0], z=[0, 0, 0, 1], color=RED, alphahull=0),
        "isosurface": go.Isosurface(**solid, isomin=0.5, isomax=1.5),
        "volume": go.Volume(**solid, isomin=0.5, isomax=2, opacity=0.5),
        "cone": go.Cone(**flow, **red, sizemode="absolute", sizeref=2),
        "streamtube": go.Streamtube(**flow, **red, sizeref=2),
    }


def round_or_nested() -> dict[str, Any]:
    colors = {"colors": [RED, "#c00000", "#a00000"]}
    links = {"source": [0, 1], "target": [2, 2], "value": [2, 1], "color": RED}
    circle = {"r": [1, 2, 3], "theta": [0, 120, 240]}
    return {
        "pie": go.Pie(labels=["a", "b"], values=[2, 1], marker=colors),
        "funnelarea": go.Funnelarea(labels=["a", "b"], values=[2, 1], marker=colors),
        "sunburst": go.Sunburst(**PATHS, marker=colors),
        "treemap": go.Treemap(**PATHS, marker=colors),
        "icicle": go.Icicle(**PATHS, marker=colors),
        "sankey": go.Sankey(node={"label": ["a", "b", "c"], "color": RED}, link=links),
        "indicator": go.Indicator(mode="gauge", value=7, gauge={"bar": {"color": RED}}),
        "scatterpolar": go.Scatterpolar(**circle, fill="toself", fillcolor=RED),
        "barpolar": go.Barpolar(**circle, marker={"color": RED}),
        "scatterternary": go.Scatterternary(a=[1, 2], b=[2, 1], c=[1, 1], **LOOK),
        "scattersmith": go.Scattersmith(real=[0.5, 1], imag=[0.5, 1], **LOOK),
        "parcats": go.Parcats(dimensions=WORDS, line={"color": RED}),
    }


def maps() -> dict[str, Any]:
    countries = {"locations": ["FRA", "DEU"], "z": [1, 2], "colorscale": [[0, RED], [1, RED]]}
    return {
        "scattergeo": go.Scattergeo(**EUROPE, **LOOK),
        "choropleth": go.Choropleth(**countries),
        "scattermap": go.Scattermap(**EUROPE, **LOOK),
        "densitymap": go.Densitymap(**EUROPE, z=[1, 2, 3], radius=20, colorscale="Reds"),
        "choroplethmap": go.Choroplethmap(**AREAS),
    }


def of_webgl() -> dict[str, Any]:
    return {
        "scattergl": go.Scattergl(x=np.arange(1500), y=np.sin(np.arange(1500) / 50), **LOOK),
        "scatterpolargl": go.Scatterpolargl(r=np.arange(40), theta=np.arange(40) * 9, **LOOK),
        "splom": go.Splom(dimensions=DIMENSIONS, marker={"color": RED}),
        "parcoords": go.Parcoords(dimensions=DIMENSIONS, line={"color": RED}),
    }
