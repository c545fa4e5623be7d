/** Lines of several runs as one line with a band. */

import type { Line, PartialMember } from '../model/types';

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
  /** x of the first and the last point in it. */
  from: number;
  to: number;
  /** One value for each member that has one here. */
  values: number[];
  lo: number;
  hi: number;
  /** x of the extremes, and of the first value that is not finite. */
  xLo: number;
  xHi: number;
  xBad: number;
  count: number;
  finite: number;
  nan: number;
  posInf: number;
  negInf: number;
}

type Width = (x: number) => number;

/**
 * One line through the members' values, and the spread between members as its min and max.
 * `width(x)` is the width of the bins at x: buckets of members in one bin count as simultaneous. In
 * a bin where a member has no point its value is that on the straight line between its points
 * before and after; beyond its ends its first or last value holds for as long as its points are
 * apart, so that members whose points are never at one x are still compared with each other. Next
 * to a non-finite value, and farther beyond its ends, a member has no value and is not counted.
 */
export function groupLine(
  members: Line[],
  style: GroupStyle,
  { center, band }: { center: Center; band: Band },
  width: Width,
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
    xFirst: column((bin) => bin.from),
    xLast: column((bin) => bin.to),
    xMin: column((bin) => bin.xLo),
    xMax: column((bin) => bin.xHi),
    xBad: column((bin) => bin.xBad),
    nan: column(({ nan }) => nan),
    posInf: column(({ posInf }) => posInf),
    negInf: column(({ negInf }) => negInf),
    points: members.reduce((sum, { points }) => sum + points, 0),
    spacing: members.reduce((sum, { spacing }) => sum + spacing, 0) / Math.max(1, members.length),
    spread: band,
    group: {
      size: members.length,
      center,
      members: column(({ values }) => values.length),
      deviation: column(({ values }) => deviationOf(values)),
      partial: partialOf(members, width),
    },
  };
}

function binsOf(members: Line[], width: Width): Bin[] {
  const byEdge = new Map<number, Bin>();
  const own = members.map((line) => addMember(byEdge, line, width));
  const bins = [...byEdge.values()].sort((a, b) => a.x - b.x);
  members.forEach((line, i) => {
    addBetween(bins, line, own[i], width);
  });
  return bins;
}

/** A member that has several buckets in one bin counts once, with their weighted mean. */
function addMember(bins: Map<number, Bin>, line: Line, width: Width): Set<Bin> {
  const own = new Set<Bin>();
  const sums = new Map<Bin, { weight: number; total: number }>();
  for (let i = 0; i < line.x.length; i++) {
    const bin = binAt(bins, line.x[i], width(line.x[i]));
    own.add(bin);
    addCounts(bin, line, i);
    if (!(line.finite[i] > 0)) continue;
    const sum = sums.get(bin) ?? { weight: 0, total: 0 };
    sum.weight += line.finite[i];
    sum.total += line.finite[i] * line.mean[i];
    sums.set(bin, sum);
  }
  for (const [bin, { weight, total }] of sums) bin.values.push(total / weight);
  return own;
}

/** The member's value in the bins in which it has no point. */
function addBetween(bins: Bin[], line: Line, own: Set<Bin>, width: Width): void {
  let next = 0;
  for (const bin of bins) {
    while (next < line.x.length && line.x[next] <= bin.x) next++;
    if (own.has(bin)) continue;
    const value = valueBefore(line, next, bin.x, width);
    if (!Number.isFinite(value)) continue;
    bin.values.push(value);
    if (value < bin.lo) [bin.lo, bin.xLo] = [value, bin.x];
    if (value > bin.hi) [bin.hi, bin.xHi] = [value, bin.x];
  }
}

/** The value at x, which lies before the member's point `next` and not before the one before it. */
function valueBefore(line: Line, next: number, x: number, width: Width): number {
  const last = line.x.length - 1;
  if (last < 0) return Number.NaN;
  const end = next === 0 ? 0 : last;
  if (next === 0 || next > last) {
    return Math.abs(x - line.x[end]) <= reachOf(line, end, width) ? line.mean[end] : Number.NaN;
  }
  const share = (x - line.x[next - 1]) / (line.x[next] - line.x[next - 1]);
  return line.mean[next - 1] + share * (line.mean[next] - line.mean[next - 1]);
}

/** How far in x the value at one of a member's ends holds. */
const reachOf = (line: Line, end: number, width: Width): number =>
  Math.max(line.spacing, width(line.x[end]));

/** Members that end before the others do, or begin after them. */
function partialOf(members: Line[], width: Width): PartialMember[] {
  const there = members.filter((line) => line.x.length > 0);
  const first = Math.min(...there.map((line) => line.x[0]));
  const last = Math.max(...there.map((line) => line.x[line.x.length - 1]));
  return there.flatMap((line) => {
    const end = line.x.length - 1;
    const { label } = line;
    const found: PartialMember[] = [];
    if (line.x[0] - first > reachOf(line, 0, width)) {
      found.push({ label, x: line.x[0], what: 'begins' });
    }
    if (last - line.x[end] > reachOf(line, end, width)) {
      found.push({ label, x: line.x[end], what: 'ends' });
    }
    return found;
  });
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
  const none = { count: 0, finite: 0, nan: 0, posInf: 0, negInf: 0 };
  return { x, from: x, to: x, values: [], lo, hi, xLo: x, xHi: x, xBad: Number.NaN, ...none };
}

function addCounts(bin: Bin, line: Line, i: number): void {
  bin.count += line.count[i];
  bin.finite += line.finite[i];
  bin.nan += line.nan[i];
  bin.posInf += line.posInf[i];
  bin.negInf += line.negInf[i];
  bin.from = Math.min(bin.from, line.xFirst[i]);
  bin.to = Math.max(bin.to, line.xLast[i]);
  if (!(bin.xBad <= line.xBad[i])) bin.xBad = line.xBad[i];
  if (line.min[i] < bin.lo) [bin.lo, bin.xLo] = [line.min[i], line.xMin[i]];
  if (line.max[i] > bin.hi) [bin.hi, bin.xHi] = [line.max[i], line.xMax[i]];
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
