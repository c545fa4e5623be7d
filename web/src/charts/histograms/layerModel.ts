/** Where the rows, stages and columns of a layer map lie, and the colours of its values. */

import { type LayerRow, layerRows, type Stage, stagesOf, valueRange } from '../../math/layers';
import { foldRows, movementOf, spreadRows } from '../../math/layerTree';
import { lastAtOrBefore } from '../../math/search';
import type { LayerData, LayerOptions, LayerStatistic } from '../../model/types';

const STAGE_GAP = 2;
/** More stages have a gap of one pixel. */
const MOST_WIDE_GAPS = 16;
const EDGE_SHARE = 0.005;
/** Powers of ten on each side of the middle of a scale that has one. */
const SIDE = 2;
/** Sorted rows up to here have their own names beside them. */
const MOST_NAMED = 60;

export interface LayerModel {
  rows: LayerRow[];
  /** Tensors that the rows stand for. */
  tensors: number;
  stages: Stage[];
  /** Bucket width on the x-axis. */
  width: number;
  x: [number, number];
  /** Values at the ends of the ramp. */
  range: [number, number];
}

export function buildLayers(data: LayerData, options: LayerOptions): LayerModel {
  const { statistic, middle, search } = options;
  const all = layerRows(data, statistic);
  const fitting = search ? all.filter(({ name }) => search.test(name)) : all;
  const rows = shownRows(fitting, options);
  return {
    rows,
    tensors: fitting.length,
    stages: stagesIn(rows, options),
    width: data.width,
    x: xRange(fitting, data.width),
    range: middle === null ? ramp(fitting, statistic) : [middle - SIDE, middle + SIDE],
  };
}

/** Groups are folded but for those that a search or a click unfolds, which keep their median. */
function shownRows(rows: LayerRow[], { search, unfolded, order }: LayerOptions): LayerRow[] {
  const items = (search ? rows : foldRows(rows)).map((item) => {
    if (!('members' in item)) return { rows: [item], movement: movementOf(item) };
    const spread = spreadRows(item);
    const movement = Math.max(...spread.map(movementOf));
    const members = order === 'movement' ? sorted(item.members) : item.members;
    const own = unfolded.has(item.name) ? [spread[1], ...members] : spread;
    return { rows: own, movement };
  });
  if (order === 'movement') items.sort((a, b) => b.movement - a.movement);
  return items.flatMap((item) => item.rows);
}

function sorted(rows: LayerRow[]): LayerRow[] {
  const movement = new Map(rows.map((row) => [row, movementOf(row)]));
  return [...rows].sort((a, b) => movement.get(b)! - movement.get(a)!);
}

function stagesIn(rows: LayerRow[], { order }: LayerOptions): Stage[] {
  if (order === 'network') return stagesOf(rows.map((row) => row.name));
  if (rows.length === 0) return [];
  if (rows.length > MOST_NAMED) return [{ name: '', from: 0, to: rows.length - 1 }];
  return rows.map(({ name }, i) => ({ name, from: i, to: i }));
}

function xRange(rows: LayerRow[], width: number): [number, number] {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { bucket } of rows) {
    if (bucket.length === 0) continue;
    first = Math.min(first, bucket[0]);
    last = Math.max(last, bucket[bucket.length - 1]);
  }
  return first <= last ? [first * width, (last + gapOf(rows)) * width] : [0, 1];
}

/** Buckets that an event spans: the median distance of neighbours. */
function gapOf(rows: LayerRow[]): number {
  const longest = rows.reduce((a, b) => (b.bucket.length > a.bucket.length ? b : a), rows[0]);
  const gaps = Array.from(longest.bucket.subarray(1), (bucket, i) => bucket - longest.bucket[i]);
  gaps.sort((a, b) => a - b);
  return gaps.length > 0 ? gaps[gaps.length >> 1] : 1;
}

/** Logarithms from their 0.5 % to their 99.5 % quantile; shares from 0 to the largest. */
function ramp(rows: LayerRow[], statistic: LayerStatistic): [number, number] {
  if (statistic === 'zeros' || statistic === 'nonFinite') {
    return [0, Math.max(1e-3, valueRange(rows)[1])];
  }
  const values = rows.flatMap((row) => Array.from(row.values).filter(Number.isFinite));
  if (values.length === 0) return [0, 1];
  values.sort((a, b) => a - b);
  const edge = Math.floor(EDGE_SHARE * (values.length - 1));
  const [lo, hi] = [values[edge], values[values.length - 1 - edge]];
  return hi > lo ? [lo, hi] : [lo - 0.5, lo + 0.5];
}

/** Top of every row and the height of one: the last row ends at `end`, `height` pixels below the top. */
export interface RowLayout {
  tops: Float64Array;
  row: number;
  end: number;
}

export function layoutRows({ rows, stages }: LayerModel, top: number, height: number): RowLayout {
  const gap = stages.length > MOST_WIDE_GAPS ? 1 : STAGE_GAP;
  const room = height - gap * Math.max(0, stages.length - 1);
  const row = room / Math.max(1, rows.length);
  const tops = new Float64Array(rows.length);
  let y = top;
  for (const stage of stages) {
    for (let i = stage.from; i <= stage.to; i++) {
      tops[i] = y;
      y += row;
    }
    y += gap;
  }
  return { tops, row, end: rows.length > 0 ? y - gap : top };
}

/** Index of the row's bucket that is current at x, or -1. */
export function bucketAt(row: LayerRow, x: number, width: number): number {
  return lastAtOrBefore(row.bucket, Math.floor(x / width));
}
