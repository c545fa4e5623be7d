/** Logged graphs of layers: their nodes and edges, and where a drawing has them. */

import type { Json, JsonObject } from '../model/json';

export interface GraphNode {
  id: string;
  name: string;
  /** Its class, with arguments where they are known. */
  kind: string;
  parameters: { name: string; shape: string }[];
  /** Parameters of its own; null where nobody has counted them. */
  count: number | null;
  output: string;
  /** How many of the nodes it lies in. */
  depth: number;
}

export interface Graph {
  nodes: GraphNode[];
  /** Places in `nodes`. */
  edges: [from: number, to: number][];
}

const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const text = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
const shapeText = (shape: Json | undefined): string =>
  list(shape)
    .map((size) => (Array.isArray(size) ? `(${shapeText(size)})` : text(size) || '?'))
    .join(' × ');

export function readGraph(value: JsonObject): Graph {
  const given = list(value.nodes) as JsonObject[];
  const places = new Map(given.map(({ id }, i) => [text(id), i]));
  const edges = list(value.edges).flatMap((edge): [number, number][] => {
    const [from, to] = list(edge).map((end) => places.get(text(end)));
    return from === undefined || to === undefined ? [] : [[from, to]];
  });
  return { nodes: given.map(nodeOf), edges };
}

function nodeOf(node: JsonObject): GraphNode {
  const name = text(node.name) || text(node.id);
  return {
    id: text(node.id),
    name,
    kind: text(node.class_name),
    parameters: list(node.parameters).map((parameter) => {
      const [own, shape] = list(parameter);
      return { name: text(own), shape: shapeText(shape) };
    }),
    count: countOf(node.num_parameters),
    output: shapeText(node.output_shape),
    depth: node.id === 'root' ? 0 : name.split('.').length - 1,
  };
}

/** One number, or one for each parameter. */
function countOf(value: Json | undefined): number | null {
  if (typeof value === 'number') return value;
  if (!Array.isArray(value)) return null;
  return value.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
}

export interface Drawing {
  width: number;
  height: number;
  /** Upper left corners, in the order of the nodes. */
  boxes: { x: number; y: number }[];
  /** One path of an SVG for each edge. */
  paths: string[];
}

export const BOX = { width: 176, height: 40 };
const GAP = { x: 16, y: 32 };
const PASSING_WIDTH = 16;
const SWEEPS = 4;

/** A node, or where an edge passes a row between its nodes. */
interface Place {
  row: number;
  width: number;
  x: number;
  near: Place[];
}

/** Nodes below all that lead to them, and in their rows near what they are joined to. */
export function layered({ nodes, edges }: Graph): Drawing {
  const ranks = ranksOf(nodes.length, edges);
  const places = ranks.map((row): Place => ({ row, width: BOX.width, x: 0, near: [] }));
  const ways = edges.map(([from, to]) => wayOf(places[from], places[to]));
  const rows = rowsOf([...places, ...ways.flatMap((way) => way.slice(1, -1))]);
  const widths = rows.map((row) => row.reduce((sum, { width }) => sum + width + GAP.x, -GAP.x));
  const width = Math.max(...widths, 0);
  arrange(rows, widths, width);
  const top = (row: number) => row * (BOX.height + GAP.y);
  return {
    width,
    height: Math.max(0, top(rows.length) - GAP.y),
    boxes: places.map(({ x, row, width: own }) => ({ x: x - own / 2, y: top(row) })),
    paths: ways.map((way) => pathOf(way, top)),
  };
}

/** The longest way to each node; edges that close a circle don't count. */
function ranksOf(count: number, edges: Graph['edges']): number[] {
  const ranks = new Array<number>(count).fill(0);
  const missing = new Array<number>(count).fill(0);
  const next: number[][] = Array.from({ length: count }, () => []);
  for (const [from, to] of edges) {
    next[from].push(to);
    missing[to] += 1;
  }
  const done = new Set<number>();
  while (done.size < count) {
    const waiting = ranks.map((_, i) => i).filter((i) => !done.has(i));
    const free = waiting.filter((i) => missing[i] === 0);
    for (const node of free.length > 0 ? free : waiting.slice(0, 1)) {
      done.add(node);
      for (const to of next[node]) {
        missing[to] -= 1;
        if (!done.has(to)) ranks[to] = Math.max(ranks[to], ranks[node] + 1);
      }
    }
  }
  return ranks;
}

/** From node to node through each row between them. */
function wayOf(from: Place, to: Place): Place[] {
  const way = [from];
  for (let row = from.row + 1; row < to.row; row++)
    way.push({ row, width: PASSING_WIDTH, x: 0, near: [] });
  way.push(to);
  for (let i = 1; i < way.length; i++) {
    way[i].near.push(way[i - 1]);
    way[i - 1].near.push(way[i]);
  }
  return way;
}

function rowsOf(places: Place[]): Place[][] {
  const rows: Place[][] = [];
  for (const place of places) {
    rows[place.row] ??= [];
    rows[place.row].push(place);
  }
  return rows;
}

function arrange(rows: Place[][], widths: number[], width: number): void {
  const mean = ({ near, x }: Place) =>
    near.length === 0 ? x : near.reduce((sum, other) => sum + other.x, 0) / near.length;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let i = 0; i < rows.length; i++) {
      const at = sweep % 2 ? rows.length - 1 - i : i;
      if (sweep > 0) rows[at].sort((a, b) => mean(a) - mean(b));
      let x = (width - widths[at]) / 2;
      for (const place of rows[at]) {
        place.x = x + place.width / 2;
        x += place.width + GAP.x;
      }
    }
  }
}

function pathOf(way: Place[], top: (row: number) => number): string {
  const parts = way.slice(1).map((to, i) => {
    const from = way[i];
    const [y0, y1] = [top(from.row) + BOX.height, top(to.row)];
    const middle = (y0 + y1) / 2;
    const curve = `C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${y1}`;
    return i === 0 ? `M${from.x} ${y0}${curve}` : `V${y0}${curve}`;
  });
  return parts.join('');
}
