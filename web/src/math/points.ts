/** Logged point clouds as Plotly figures. */

import type { Json } from '../api/types';

interface Scene {
  points?: number[][];
  boxes?: { corners?: number[][]; label?: string }[];
  vectors?: { start: number[]; end: number[] }[];
}

const SIZE_PIXELS = 2;

/** Edges of a box by its eight corners, the lower face before the upper one. */
const EDGES = [0, 1, 2, 3, 0, 4, 5, 1, 5, 6, 2, 6, 7, 3, 7, 4];

export interface PointFigure {
  data: object[];
  layout: object;
}

/** Points of x, y, z; a fourth number is a category, a fourth to sixth are red, green, blue. */
function cloud(points: number[][]): object {
  const width = points[0]?.length ?? 3;
  const colors =
    width >= 6
      ? points.map(([, , , r, g, b]) => `rgb(${r},${g},${b})`)
      : width === 4 && points.map((point) => point[3]);
  return {
    type: 'scatter3d',
    mode: 'markers',
    x: points.map(([x]) => x),
    y: points.map(([, y]) => y),
    z: points.map(([, , z]) => z),
    marker: { size: SIZE_PIXELS, ...(colors && { color: colors, colorscale: 'Viridis' }) },
    showlegend: false,
  };
}

function polyline(points: number[][], name: string): object {
  return {
    type: 'scatter3d',
    mode: 'lines',
    name,
    x: points.map(([x]) => x),
    y: points.map(([, y]) => y),
    z: points.map(([, , z]) => z),
    showlegend: false,
  };
}

/** A figure of a `.pts.json`: a list of points, or a scene with boxes and vectors. */
export function pointFigure(content: Json): PointFigure {
  const scene = (Array.isArray(content) ? { points: content } : content) as Scene;
  const boxes = (scene.boxes ?? []).flatMap(({ corners, label }) =>
    corners?.length === 8
      ? [
          polyline(
            EDGES.map((i) => corners[i]),
            label ?? 'box',
          ),
        ]
      : [],
  );
  const vectors = (scene.vectors ?? []).map(({ start, end }) => polyline([start, end], 'vector'));
  return {
    data: [cloud(scene.points ?? []), ...boxes, ...vectors],
    layout: { margin: { l: 0, r: 0, t: 0, b: 0 }, scene: { aspectmode: 'data' } },
  };
}
