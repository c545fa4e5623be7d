/** Lines of several runs as one line with a band. */

import type { Line } from '../model/types';

export type Center = 'mean' | 'median' | 'min' | 'max';
export type Band = 'minmax' | 'std' | 'sem' | 'quartiles' | 'none';

export interface GroupStyle {
  id: string;
  label: string;
  color: string;
  dash: number[];
}

interface Bin {
  x: number;
  /** One value for each member that has finite points here. */
  values: number[];
  lo: number;
  hi: number;
  count: number;
  finite: number;
  nan: number;
  posInf: number;
  negInf: number;
}

/**
 * One line through the members' bucket means, and the spread between members as its min and max.
 * `width(x)` is the width of the bins at x: buckets of members in one bin count as simultaneous.
 * Where a member has no point it is left out, never guessed.
 */
export function groupLine(
  members: Line[],
  style: GroupStyle,
  { center, band }: { center: Center; band: Band },
  width: (x: number) => number,
): Line {
  const bins = binsOf(members, width);
  const column = (value: (bin: Bin) => number) => Float64Array.from(bins, value);
  const middle = column(({ values }) => centerOf(values, center));
  const limits = bins.map((bin, i) => limitsOf(bin, middle[i], band));
  const x = column((bin) => bin.x);
  return {
    ...style,
    x,
    mean: middle,
    first: middle,
    last: middle,
    min: Float64Array.from(limits, ([lo]) => lo),
    max: Float64Array.from(limits, ([, hi]) => hi),
    count: column(({ count }) => count),
    finite: column(({ finite }) => finite),
    xMin: x,
    xMax: x,
    nan: column(({ nan }) => nan),
    posInf: column(({ posInf }) => posInf),
    negInf: column(({ negInf }) => negInf),
    points: members.reduce((sum, { points }) => sum + points, 0),
    spacing: members.reduce((sum, { spacing }) => sum + spacing, 0) / Math.max(1, members.length),
    spread: band,
  };
}

function binsOf(members: Line[], width: (x: number) => number): Bin[] {
  const bins = new Map<number, Bin>();
  for (const line of members) addMember(bins, line, width);
  return [...bins.values()].sort((a, b) => a.x - b.x);
}

/** A member that has several buckets in one bin counts once, with their weighted mean. */
function addMember(bins: Map<number, Bin>, line: Line, width: (x: number) => number): void {
  const sums = new Map<Bin, { weight: number; total: number }>();
  for (let i = 0; i < line.x.length; i++) {
    const bin = binAt(bins, line.x[i], width(line.x[i]));
    addCounts(bin, line, i);
    if (!(line.finite[i] > 0)) continue;
    const sum = sums.get(bin) ?? { weight: 0, total: 0 };
    sum.weight += line.finite[i];
    sum.total += line.finite[i] * line.mean[i];
    sums.set(bin, sum);
  }
  for (const [bin, { weight, total }] of sums) bin.values.push(total / weight);
}

function binAt(bins: Map<number, Bin>, x: number, width: number): Bin {
  const edge = Math.floor(x / width) * width;
  let bin = bins.get(edge);
  if (!bin) {
    bin = emptyBin(x);
    bins.set(edge, bin);
  }
  return bin;
}

function emptyBin(x: number): Bin {
  const [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return { x, values: [], lo, hi, count: 0, finite: 0, nan: 0, posInf: 0, negInf: 0 };
}

function addCounts(bin: Bin, line: Line, i: number): void {
  bin.count += line.count[i];
  bin.finite += line.finite[i];
  bin.nan += line.nan[i];
  bin.posInf += line.posInf[i];
  bin.negInf += line.negInf[i];
  if (line.min[i] < bin.lo) bin.lo = line.min[i];
  if (line.max[i] > bin.hi) bin.hi = line.max[i];
}

function centerOf(values: number[], center: Center): number {
  if (values.length === 0) return Number.NaN;
  if (center === 'min') return Math.min(...values);
  if (center === 'max') return Math.max(...values);
  return center === 'mean' ? meanOf(values) : quantile(sorted(values), 0.5);
}

/** The extremes of all points of the bin, or the spread between the members around the centre. */
function limitsOf(bin: Bin, middle: number, band: Band): [number, number] {
  const { values, lo, hi } = bin;
  if (values.length === 0) return [Number.NaN, Number.NaN];
  if (band === 'minmax') return [lo, hi];
  if (band === 'none') return [middle, middle];
  if (band === 'quartiles') {
    const ordered = sorted(values);
    return [quantile(ordered, 0.25), quantile(ordered, 0.75)];
  }
  const deviation = deviationOf(values) / (band === 'sem' ? Math.sqrt(values.length) : 1);
  return [middle - deviation, middle + deviation];
}

const meanOf = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Standard deviation of a sample (n − 1); 0 for a single value. */
function deviationOf(values: number[]): number {
  if (values.length < 2) return 0;
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

const sorted = (values: number[]): number[] => [...values].sort((a, b) => a - b);

/** Linear between the neighbours, as numpy does by default. */
function quantile(ordered: number[], share: number): number {
  const at = share * (ordered.length - 1);
  const below = Math.floor(at);
  const above = Math.min(ordered.length - 1, below + 1);
  return ordered[below] + (ordered[above] - ordered[below]) * (at - below);
}
