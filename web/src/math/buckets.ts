/** Answers of `POST /api/query/series` as lines: merging deltas and placing buckets on x. */

import type { Line, LineOptions } from '../model/types';
import { lastAtOrBefore } from './search';

export const SERIES_COLUMNS = [
  'bucket',
  'count',
  'finite',
  'mean',
  'min',
  'max',
  'first',
  'last',
  'x_first',
  'x_last',
  'x_min',
  'x_max',
  'nan',
  'pos_inf',
  'neg_inf',
  'x_bad',
] as const;

export type SeriesColumns = Record<(typeof SERIES_COLUMNS)[number], Float64Array>;

export interface Grid {
  width: number;
  first: number;
  count: number;
  unit: string;
}

/** One series of an answer, as the server sends it. */
export interface SeriesAnswer {
  run: number;
  key: string;
  n: number;
  in_window: number;
  generation: number;
  exact_points: boolean;
  x_extent: [number, number] | null;
  columns: SeriesColumns;
  reset?: boolean;
  /** Blocks that can't be read: their points are missing. */
  damaged?: number;
  /** Points at steps that a later attempt of the run has logged again. */
  older?: { n: number; columns: SeriesColumns } | null;
}

/**
 * The columns known so far with a `since` answer, which holds every bucket from `from` (an x) on:
 * older buckets are kept, later ones replaced. The grid must not have changed. Columns that are one
 * array in both stay one.
 */
export function mergeColumns(
  old: SeriesColumns,
  fresh: SeriesColumns,
  from: number,
  width: number,
): SeriesColumns {
  const edge = Math.floor(from / width);
  let keep = 0;
  while (keep < old.bucket.length && old.bucket[keep] < edge) keep++;
  const merged = {} as SeriesColumns;
  for (const name of SERIES_COLUMNS) {
    const twin = SERIES_COLUMNS.find(
      (other) => merged[other] && old[other] === old[name] && fresh[other] === fresh[name],
    );
    merged[name] = twin ? merged[twin] : continued(old[name].subarray(0, keep), fresh[name]);
  }
  return merged;
}

function continued(old: Float64Array, fresh: Float64Array): Float64Array {
  const column = new Float64Array(old.length + fresh.length);
  column.set(old);
  column.set(fresh, old.length);
  return column;
}

/** Left edge of the last bucket: what the next `since` asks from; null without buckets. */
export function lastEdge(columns: SeriesColumns, width: number): number | null {
  const { bucket } = columns;
  return bucket.length > 0 ? bucket[bucket.length - 1] * width : null;
}

/**
 * x of every bucket: a single point's own x, else the middle of the bucket (of its integers on a
 * step axis).
 */
export function bucketX(columns: SeriesColumns, grid: Grid): Float64Array {
  if (columns.count.every((count) => count === 1)) return columns.x_first;
  const middle = grid.unit === 'step' ? (grid.width - 1) / 2 : grid.width / 2;
  return columns.bucket.map((bucket, i) =>
    columns.count[i] === 1 ? columns.x_first[i] : bucket * grid.width + middle,
  );
}

export type LineStyle = Pick<Line, 'id' | 'label' | 'color' | 'dash'>;

export function lineFromAnswer(answer: SeriesAnswer, grid: Grid, style: LineStyle): Line {
  const c = answer.columns;
  const band = answer.older ? bandOver(c, answer.older.columns) : null;
  return {
    ...style,
    x: bucketX(c, grid),
    mean: c.mean,
    min: c.min,
    max: c.max,
    first: c.first,
    last: c.last,
    count: c.count,
    finite: c.finite,
    xFirst: c.x_first,
    xLast: c.x_last,
    xMin: c.x_min,
    xMax: c.x_max,
    xBad: c.x_bad,
    nan: c.nan,
    posInf: c.pos_inf,
    negInf: c.neg_inf,
    points: answer.in_window,
    spacing: spacingOf(answer),
    ...(band && { ...band, again: answer.older!.n }),
  };
}

/** Extremes with those of older points: in the bucket of the same number, else in the one before. */
function bandOver(columns: SeriesColumns, older: SeriesColumns) {
  const band = {
    min: columns.min.slice(),
    max: columns.max.slice(),
    xMin: columns.x_min.slice(),
    xMax: columns.x_max.slice(),
  };
  for (let i = 0; i < older.bucket.length; i++) {
    const at = Math.max(0, lastAtOrBefore(columns.bucket, older.bucket[i]));
    if (older.min[i] < band.min[at]) [band.min[at], band.xMin[at]] = [older.min[i], older.x_min[i]];
    if (older.max[i] > band.max[at]) [band.max[at], band.xMax[at]] = [older.max[i], older.x_max[i]];
  }
  return band;
}

/** Mean x distance between the raw points of the whole series; 0 for a single point. */
function spacingOf({ x_extent, n }: SeriesAnswer): number {
  return x_extent && n > 1 ? (x_extent[1] - x_extent[0]) / (n - 1) : 0;
}

/** What a line goes through in each bucket, with NaN where that is not a finite number. */
export function aggregateOf(line: Line, aggregate: LineOptions['aggregate']): Float64Array {
  const values = line[aggregate];
  return values.every((value) => Number.isFinite(value) || Number.isNaN(value))
    ? values
    : values.map((value) => (Number.isFinite(value) ? value : Number.NaN));
}

/** Non-finite values in bucket i. */
export function nonFiniteAt(line: Line, i: number): number {
  return line.nan[i] + line.posInf[i] + line.negInf[i];
}

/** Every line has at most one bucket: the panel is better as bars. */
export function allSinglePoints(lines: Line[]): boolean {
  return lines.length > 0 && lines.every((line) => line.x.length <= 1);
}
