/**
 * Series of several metrics computed into one. Single points are combined where they share x;
 * where a bucket holds several points of a metric, the means of that bucket are combined. Where a
 * metric has nothing, there is no value: none is carried on or put between.
 */

import { type Grid, SERIES_COLUMNS, type SeriesColumns } from './buckets';

export interface Operand {
  grid: Grid;
  columns: SeriesColumns;
}

export interface Computed extends Operand {
  /** Some value is made of means of buckets, not of single points. */
  ofMeans: boolean;
  /** Points or buckets of one metric that have no partner in all others. */
  unmatched: number;
}

/** What one metric has in one bucket. */
interface Cell {
  xFirst: number;
  xLast: number;
  count: number;
  finite: number;
  total: number;
  /** The value of a single point, whatever it is. */
  only: number;
}

type Row = Record<(typeof SERIES_COLUMNS)[number], number>;

/** At least one operand; `evaluate` takes a value of each, in their order. */
export function computeSeries(
  operands: Operand[],
  evaluate: (values: number[]) => number,
): Computed {
  const widest = operands.reduce((a, b) => (b.grid.width > a.grid.width ? b : a)).grid;
  const cells = operands.map((operand) => cellsOf(operand, widest.width));
  const buckets = [...new Set(cells.flatMap((own) => [...own.keys()]))].sort((a, b) => a - b);
  const rows: Row[] = [];
  for (const bucket of buckets) {
    const here = cells.flatMap((own) => own.get(bucket) ?? []);
    if (here.length === cells.length && fit(here)) rows.push(rowOf(bucket, here, evaluate));
  }
  const columns = Object.fromEntries(
    SERIES_COLUMNS.map((name) => [name, Float64Array.from(rows, (row) => row[name])]),
  ) as SeriesColumns;
  const ofMeans = rows.some(({ count }) => count > 1);
  return { grid: widest, columns, ofMeans, unmatched: buckets.length - rows.length };
}

/** The cells of a metric by bucket of a grid that is as wide as its own, or wider. */
function cellsOf({ grid, columns }: Operand, width: number): Map<number, Cell> {
  const cells = new Map<number, Cell>();
  for (let i = 0; i < columns.bucket.length; i++) {
    const bucket = Math.floor((columns.bucket[i] * grid.width) / width);
    const known = cells.get(bucket);
    const cell = cellAt(columns, i);
    cells.set(bucket, known ? both(known, cell) : cell);
  }
  return cells;
}

function cellAt(columns: SeriesColumns, i: number): Cell {
  const [count, finite] = [columns.count[i], columns.finite[i]];
  return {
    xFirst: columns.x_first[i],
    xLast: columns.x_last[i],
    count,
    finite,
    total: finite > 0 ? columns.mean[i] * finite : 0,
    only: count > 1 ? Number.NaN : nonFinite(columns, i) || columns.mean[i],
  };
}

/** The infinity that a bucket of one point holds, else 0. */
function nonFinite(columns: SeriesColumns, i: number): number {
  if (columns.pos_inf[i] > 0) return Number.POSITIVE_INFINITY;
  return columns.neg_inf[i] > 0 ? Number.NEGATIVE_INFINITY : 0;
}

function both(a: Cell, b: Cell): Cell {
  return {
    xFirst: Math.min(a.xFirst, b.xFirst),
    xLast: Math.max(a.xLast, b.xLast),
    count: a.count + b.count,
    finite: a.finite + b.finite,
    total: a.total + b.total,
    only: Number.NaN,
  };
}

/** Single points have to share x. */
const fit = (cells: Cell[]): boolean =>
  cells.some(({ count }) => count > 1) || cells.every(({ xFirst }) => xFirst === cells[0].xFirst);

const cellValue = ({ count, finite, total, only }: Cell): number =>
  count === 1 ? only : finite > 0 ? total / finite : Number.NaN;

function rowOf(bucket: number, cells: Cell[], evaluate: (values: number[]) => number): Row {
  const value = evaluate(cells.map(cellValue));
  const finite = Number.isFinite(value);
  const known = finite ? value : Number.NaN;
  const xFirst = Math.min(...cells.map((cell) => cell.xFirst));
  const xLast = Math.max(...cells.map((cell) => cell.xLast));
  return {
    bucket,
    count: Math.max(...cells.map(({ count }) => count)),
    finite: finite ? Math.min(...cells.map((cell) => cell.finite)) : 0,
    mean: known,
    min: known,
    max: known,
    first: known,
    last: known,
    x_first: xFirst,
    x_last: xLast,
    x_min: xFirst,
    x_max: xFirst,
    nan: Number(Number.isNaN(value)),
    pos_inf: Number(value === Number.POSITIVE_INFINITY),
    neg_inf: Number(value === Number.NEGATIVE_INFINITY),
    x_bad: finite ? Number.NaN : xFirst,
  };
}
