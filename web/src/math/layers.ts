/** The statistics of a layer map, and the grouping of its rows into stages. */

import type { LayerData, LayerStatistic, Tensor } from '../model/types';
import { lastAtOrBefore } from './search';

/**
 * Values over the buckets of one tensor; `bad` marks buckets with non-finite values, `xBad` says at
 * which x these begin.
 */
export interface LayerRow {
  key: string;
  /** The key without the kind in front: `conv1.weight` of `gradients/conv1.weight`. */
  name: string;
  bucket: Float64Array;
  values: Float64Array;
  bad: Uint8Array;
  xBad: Float64Array;
  /** Of a row that stands for several tensors: how many, and which value of theirs it holds. */
  group?: { size: number; spread: string };
}

/** Name of a watched tensor without `gradients/` or `parameters/`. */
export function tensorName(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

function rootMeanSquare(tensor: Tensor, i: number): number {
  return Math.sqrt(tensor.squares[i] / tensor.n[i]);
}

function nonFiniteOf(tensor: Tensor, i: number): number {
  return tensor.nan[i] + tensor.posInf[i] + tensor.negInf[i];
}

/** log10 of RMS and of ratio (NaN for 0 or no finite value); shares in 0..1. */
function statisticOf(
  statistic: LayerStatistic,
  tensor: Tensor,
  i: number,
  divisor: Tensor | undefined,
): number {
  if (statistic === 'zeros') return tensor.zeros[i] / tensor.n[i];
  if (statistic === 'nonFinite') {
    const bad = nonFiniteOf(tensor, i);
    return bad / (tensor.n[i] + bad);
  }
  const size = rootMeanSquare(tensor, i);
  if (statistic === 'rms') return log10Positive(size);
  if (!divisor) return Number.NaN;
  const at = lastAtOrBefore(divisor.bucket, tensor.bucket[i]);
  return log10Positive(size / rootMeanSquare(divisor, Math.max(0, at)));
}

function log10Positive(value: number): number {
  return value > 0 ? Math.log10(value) : Number.NaN;
}

export function layerRows(data: LayerData, statistic: LayerStatistic): LayerRow[] {
  const divisors = new Map(data.against.map((tensor) => [tensorName(tensor.key), tensor]));
  return data.tensors.map((tensor) => {
    const name = tensorName(tensor.key);
    const divisor = divisors.get(name);
    const values = tensor.bucket.map((_, i) => statisticOf(statistic, tensor, i, divisor));
    const bad = Uint8Array.from(tensor.bucket, (_, i) => (nonFiniteOf(tensor, i) > 0 ? 1 : 0));
    return { key: tensor.key, name, bucket: tensor.bucket, values, bad, xBad: tensor.xBad };
  });
}

/** Rows from..to (inclusive) under one name. */
export interface Stage {
  name: string;
  from: number;
  to: number;
}

const MAX_STAGES = 16;
/** Of a map of so many rows, whose labels are thinned out. */
const MANY_ROWS = 100;
const MAX_STAGES_OF_MANY = 64;

/**
 * Neighbouring rows that share the first parts of their names. The largest stage is split by one
 * more part while it holds more than half of the rows and there are not more than 16 stages, of many
 * rows 64.
 */
export function stagesOf(names: string[]): Stage[] {
  const most = names.length > MANY_ROWS ? MAX_STAGES_OF_MANY : MAX_STAGES;
  let stages = splitByPart(names, 0, names.length - 1, 0).map((stage) => ({ stage, depth: 0 }));
  for (;;) {
    const largest = stages.reduce((a, b) => (size(b.stage) > size(a.stage) ? b : a), stages[0]);
    if (!largest || size(largest.stage) * 2 <= names.length) break;
    const depth = largest.depth + 1;
    const parts = splitByPart(names, largest.stage.from, largest.stage.to, depth);
    const total = stages.length - 1 + parts.length;
    if (total > most || depth > 8) break;
    stages = stages.flatMap((entry) =>
      entry === largest ? parts.map((stage) => ({ stage, depth })) : [entry],
    );
  }
  return stages.map(({ stage }) => stage);
}

const size = (stage: Stage): number => stage.to - stage.from + 1;

function splitByPart(names: string[], from: number, to: number, depth: number): Stage[] {
  const stages: Stage[] = [];
  for (let row = from; row <= to; row++) {
    const name = names[row]
      .split('.')
      .slice(0, depth + 1)
      .join('.');
    const open = stages[stages.length - 1];
    if (open?.name === name) open.to = row;
    else stages.push({ name, from: row, to: row });
  }
  return stages;
}

/** Smallest and largest finite value over all rows. */
export function valueRange(rows: LayerRow[]): [number, number] {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    for (const value of row.values) {
      if (value < lo) lo = value;
      if (value > hi) hi = value;
    }
  }
  return lo <= hi ? [lo, hi] : [0, 1];
}

/** x of the first non-finite value, over all rows; the earlier row at the same x. */
export function firstNonFinite(rows: LayerRow[]): { key: string; x: number } | null {
  let found: { key: string; x: number } | null = null;
  for (const { key, bad, xBad } of rows) {
    const i = bad.indexOf(1);
    if (i >= 0 && (!found || xBad[i] < found.x)) found = { key, x: xBad[i] };
  }
  return found;
}
