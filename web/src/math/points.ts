/** Logged point clouds: what a `.pts.json` holds, and the edges of its boxes. */

import type { Json } from '../model/json';

interface CloudBox {
  corners: number[][];
  label: string;
  /** Red, green, blue to 255; null where none is given. */
  color: number[] | null;
}

export interface CloudVector {
  start: number[];
  end: number[];
  color: number[] | null;
}

export interface Cloud {
  /** x, y, z; a fourth number is a category, a fourth to sixth are red, green, blue. */
  points: number[][];
  boxes: CloudBox[];
  vectors: CloudVector[];
  /** Points, boxes and vectors without finite coordinates, which are not drawn. */
  left: number;
}

const isPlace = (place: unknown): place is number[] =>
  Array.isArray(place) && place.length >= 3 && place.slice(0, 3).every(Number.isFinite);
const color = (value: unknown): number[] | null => (isPlace(value) ? value : null);
const list = <T>(value: T[] | undefined): T[] => (Array.isArray(value) ? value : []);

/** Clients write NaN and Infinity into JSON, which has no word for them. */
function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse(text.replace(/-?\b(NaN|Infinity)\b/g, 'null'));
  }
}

/** A list of points, or a scene with boxes and vectors. Throws for text that is no JSON. */
export function readCloud(text: string): Cloud {
  const content = parsed(text);
  const scene = (Array.isArray(content) ? { points: content } : (content ?? {})) as Partial<Cloud>;
  const points = list(scene.points);
  const boxes = list(scene.boxes);
  const vectors = list(scene.vectors);
  const whole = {
    points: points.filter(isPlace),
    boxes: boxes
      .filter(({ corners }) => corners?.length === 8 && corners.every(isPlace))
      .map((box) => ({ ...box, label: box.label ?? '', color: color(box.color) })),
    vectors: vectors
      .filter(({ start, end }) => isPlace(start) && isPlace(end))
      .map((vector) => ({ ...vector, color: color(vector.color) })),
  };
  const given = points.length + boxes.length + vectors.length;
  const drawn = whole.points.length + whole.boxes.length + whole.vectors.length;
  return { ...whole, left: given - drawn };
}

const TOLERANCE = 1e-3;
/** Edges where the corners are those of no box: the lower face before the upper one. */
const IN_ORDER = [0, 1, 1, 2, 2, 3, 3, 0, 4, 5, 5, 6, 6, 7, 7, 4, 0, 4, 1, 5, 2, 6, 3, 7];

const minus = (a: number[], b: number[]): number[] => [0, 1, 2].map((i) => a[i] - b[i]);
const plus = (a: number[], b: number[]): number[] => [0, 1, 2].map((i) => a[i] + b[i]);
const length = (a: number[]): number => Math.hypot(a[0], a[1], a[2]);

/** Pairs of corner indices. W&B fixes no order of the corners, so their places tell the edges. */
export function boxEdges(corners: number[][]): number[] {
  const sides = sidesOf(corners);
  if (!sides) return IN_ORDER;
  const edges: number[] = [];
  const near = length(sides.reduce(plus)) * TOLERANCE;
  for (let i = 0; i < 8; i++) {
    for (let j = 0; j < 8; j++) {
      const step = minus(corners[j], corners[i]);
      if (sides.some((side) => length(minus(step, side)) < near)) edges.push(i, j);
    }
  }
  return edges.length === 24 ? edges : IN_ORDER;
}

/** The three sides at the first corner: with them its four other neighbours are sums. */
function sidesOf(corners: number[][]): number[][] | null {
  const steps = corners.slice(1).map((corner) => minus(corner, corners[0]));
  const near = Math.max(...steps.map(length)) * TOLERANCE;
  const has = (sum: number[]) => steps.some((step) => length(minus(step, sum)) < near);
  for (let i = 0; i < 7; i++) {
    for (let j = i + 1; j < 7; j++) {
      const ij = plus(steps[i], steps[j]);
      if (!has(ij)) continue;
      for (let k = j + 1; k < 7; k++) {
        const others = [plus(steps[i], steps[k]), plus(steps[j], steps[k]), plus(ij, steps[k])];
        if (others.every(has)) return [steps[i], steps[j], steps[k]];
      }
    }
  }
  return null;
}
