/**
 * A random forest for regression: each tree grows on its own draw of the rows, splits where the
 * squared error falls most, and stops when a side would have fewer than `leaf` rows. Importance of
 * a column: its share of that fall, the mean of all trees (scikit-learn's `feature_importances_`
 * of a RandomForestRegressor). Rows that a tree has not drawn test it: `score` is R² of them.
 */

import { meanOf } from './correlation';

/** A column of numbers for each feature. */
export type Columns = Float64Array[];

export interface Forest {
  /** For each column; they add up to 1, or are all 0 where nothing could be split. */
  importance: Float64Array;
  /** R² on the rows that trees have not seen; NaN if no row was ever left out. */
  score: number;
}

/** Gains that differ by less than this share are equal but for rounding. */
const EQUAL = 1e-9;

interface Split {
  column: number;
  threshold: number;
  gain: number;
}

type Node = { value: number } | { column: number; threshold: number; low: Node; high: Node };

type Random = () => number;

/** Deterministic numbers in [0, 1) (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** For each tree as many rows as there are, drawn with putting back. */
export function bootstraps(rows: number, trees: number, random: Random): Uint32Array[] {
  return Array.from({ length: trees }, () =>
    Uint32Array.from({ length: rows }, () => Math.floor(random() * rows)),
  );
}

export function growForest(
  columns: Columns,
  target: Float64Array,
  draws: Uint32Array[],
  leaf: number,
  random: Random,
): Forest {
  const importance = new Float64Array(columns.length);
  const unseen = { sum: new Float64Array(target.length), trees: new Float64Array(target.length) };
  for (const draw of draws) {
    const tree = new Tree(columns, target, leaf, random);
    const root = tree.grow(draw);
    const total = tree.gains.reduce((a, b) => a + b, 0);
    for (const [i, gain] of tree.gains.entries()) importance[i] += total > 0 ? gain / total : 0;
    testUnseen(root, columns, draw, unseen);
  }
  const total = importance.reduce((a, b) => a + b, 0);
  return {
    importance: total > 0 ? importance.map((value) => value / total) : importance,
    score: scoreOf(target, unseen),
  };
}

interface Unseen {
  sum: Float64Array;
  trees: Float64Array;
}

function testUnseen(root: Node, columns: Columns, draw: Uint32Array, { sum, trees }: Unseen): void {
  const seen = new Set(draw);
  for (let row = 0; row < sum.length; row++) {
    if (seen.has(row)) continue;
    let node = root;
    while ('low' in node) {
      node = columns[node.column][row] <= node.threshold ? node.low : node.high;
    }
    sum[row] += node.value;
    trees[row]++;
  }
}

/** 1 - squared error / variance, over the rows that any tree has left out. */
function scoreOf(target: Float64Array, { sum, trees }: Unseen): number {
  const tested = [...target.keys()].filter((row) => trees[row] > 0);
  const mean = meanOf(tested.map((row) => target[row]));
  const error = tested.reduce((all, row) => all + (target[row] - sum[row] / trees[row]) ** 2, 0);
  const spread = tested.reduce((all, row) => all + (target[row] - mean) ** 2, 0);
  return spread > 0 ? 1 - error / spread : Number.NaN;
}

class Tree {
  /** Fall of the squared error by splits of each column. */
  readonly gains: Float64Array;

  constructor(
    private readonly columns: Columns,
    private readonly target: Float64Array,
    private readonly leaf: number,
    private readonly random: Random,
  ) {
    this.gains = new Float64Array(columns.length);
  }

  grow(rows: Uint32Array): Node {
    const varies = rows.some((row) => this.target[row] !== this.target[rows[0]]);
    const split = varies && rows.length >= 2 * this.leaf ? this.best(rows) : null;
    if (!split) return { value: meanOf(Array.from(rows, (row) => this.target[row])) };
    const { column, threshold, gain } = split;
    this.gains[column] += gain;
    const values = this.columns[column];
    return {
      column,
      threshold,
      low: this.grow(rows.filter((row) => values[row] <= threshold)),
      high: this.grow(rows.filter((row) => values[row] > threshold)),
    };
  }

  /** Columns that split equally well take turns: one of them is drawn. */
  private best(rows: Uint32Array): Split | null {
    let best: Split | null = null;
    let equal = 0;
    for (let column = 0; column < this.columns.length; column++) {
      const split = this.bestOf(column, rows);
      if (!split) continue;
      const ahead: number = best ? split.gain / best.gain - 1 : Number.POSITIVE_INFINITY;
      if (ahead < -EQUAL) continue;
      equal = ahead > EQUAL ? 1 : equal + 1;
      if (this.random() * equal < 1) best = split;
    }
    return best;
  }

  /** Where this column splits the rows best; null where it can't. */
  private bestOf(column: number, rows: Uint32Array): Split | null {
    const values = this.columns[column];
    const order = [...rows].sort((a, b) => values[a] - values[b]);
    const all = order.reduce((sum, row) => sum + this.target[row], 0);
    const n = order.length;
    let best: Split | null = null;
    let low = 0;
    for (let i = 1; i < n; i++) {
      low += this.target[order[i - 1]];
      const [before, after] = [values[order[i - 1]], values[order[i]]];
      if (before === after || i < this.leaf || n - i < this.leaf) continue;
      const gain = (low / i - (all - low) / (n - i)) ** 2 * ((i * (n - i)) / n);
      if (gain > (best?.gain ?? 0)) best = { column, threshold: (before + after) / 2, gain };
    }
    return best;
  }
}
