/** The range of y of a line panel: all that is drawn, or the middle of each line. */

import { niceBounds, niceLogBounds } from '../../math/ticks';
import type { Line, LineOptions, Window } from '../../model/types';
import type { DrawnLine } from './drawnLine';

export interface YRange {
  bounds: [number, number];
  /** Lines with points outside, and how many; only where outliers are ignored. */
  outside: { label: string; count: number }[];
  /** The few lines without which the range would be far narrower, where outliers count. */
  setBy: string[];
}

interface Extent {
  lo: number;
  hi: number;
}

type Span = [number, number];

/** Values of one line that count for the range. */
interface Seen {
  label: string;
  /** Of the original where it is drawn. */
  values: number[];
  smoothed: number[];
  extent: Extent;
}

const MIDDLE = 0.9;
/** What is in sight of a smoothed line at least. */
const HALF = 0.5;
/** Few lines set the range where it is this many times as long as without them. */
const FAR = 5;
const FEW = 0.25;

/**
 * Everything that is drawn inside x: smoothed lines, originals beside them and bands. With
 * `ignoreOutliers` the middle 90 % of each line's values and the middle half of its smoothed ones, of
 * few lines that lie far from all the others as much as lies with them: of no line all points are
 * outside.
 */
export function yRange(
  drawn: DrawnLine[],
  options: LineOptions,
  x: Span,
  showsOriginal: boolean,
): YRange {
  const { log, window, ignoreOutliers } = options.y;
  const seen = drawn.map((item) => seenOf(item, x, log, showsOriginal));
  const full = drawn.map((item, i) => (item.banded ? withBand(seen[i], item, x, log) : seen[i]));
  if (!ignoreOutliers) {
    const all = united([...full.map(({ extent }) => extent), ...markOf(options)]);
    const open = window.min === null && window.max === null;
    const far = open
      ? farLines(
          full.map(({ extent }) => extent),
          log,
        )
      : [];
    const setBy = far.map((i) => full[i].label);
    return { bounds: windowed(all, log, window), outside: [], setBy };
  }
  const bounds = windowed(united([middleOf(seen, log), ...markOf(options)]), log, window);
  return { bounds, outside: outsideOf(seen, bounds), setBy: [] };
}

/** Room around the value that is marked across, which is looked for and so always in sight. */
const MARK_ROOM = 1.25;

function markOf({ guide }: LineOptions): { lo: number; hi: number }[] {
  return guide ? [{ lo: guide.value / MARK_ROOM, hi: guide.value * MARK_ROOM }] : [];
}

function seenOf(item: DrawnLine, x: Span, log: boolean, showsOriginal: boolean): Seen {
  const [from, to] = inside(item.line, x);
  const usable = (value: number) => Number.isFinite(value) && !(log && value <= 0);
  const seen = (curve: Float64Array) => Array.from(curve.subarray(from, to)).filter(usable);
  const smoothed = seen(item.smoothed);
  const values = showsOriginal ? seen(item.original) : smoothed;
  const extent = united([extentOf(values), extentOf(smoothed)]);
  return { label: item.line.label, values, smoothed, extent };
}

function withBand(seen: Seen, { line }: DrawnLine, x: Span, log: boolean): Seen {
  const [from, to] = inside(line, x);
  const { lo, hi } = seen.extent;
  const extent = { lo, hi };
  for (let i = from; i < to; i++) {
    for (const value of [line.min[i], line.max[i]]) {
      if (!Number.isFinite(value) || (log && value <= 0)) continue;
      if (value < extent.lo) extent.lo = value;
      if (value > extent.hi) extent.hi = value;
    }
  }
  return { ...seen, extent };
}

function extentOf(values: number[]): Extent {
  const extent = { lo: Number.POSITIVE_INFINITY, hi: Number.NEGATIVE_INFINITY };
  for (const value of values) {
    if (value < extent.lo) extent.lo = value;
    if (value > extent.hi) extent.hi = value;
  }
  return extent;
}

const united = (extents: Extent[]): Extent => ({
  lo: Math.min(...extents.map(({ lo }) => lo)),
  hi: Math.max(...extents.map(({ hi }) => hi)),
});

/** Of lines far from the others only what lies in the others' range; a line's middle otherwise. */
function middleOf(seen: Seen[], log: boolean): Extent {
  const middles = seen.map(({ values, smoothed }) =>
    united([middleExtent(values, MIDDLE), middleExtent(smoothed, HALF)]),
  );
  const far = farLines(middles, log);
  const near = united(middles.filter((_, i) => !far.includes(i)));
  const lost = far.filter((i) => !seen[i].values.some((v) => v >= near.lo && v <= near.hi));
  return united([near, ...lost.map((i) => nearestPart(middles[i], near))]);
}

/** So much of a line that lies wholly beyond the others that its nearest points are in sight. */
const nearestPart = (own: Extent, near: Extent): Extent =>
  own.lo > near.hi ? { lo: own.lo, hi: own.lo } : { lo: own.hi, hi: own.hi };

function middleExtent(values: number[], share: number): Extent {
  const ordered = Float64Array.from(values).sort();
  const cut = (1 - share) / 2;
  const at = (place: number) => ordered[Math.round(place * (ordered.length - 1))];
  return ordered.length > 0
    ? { lo: at(cut), hi: at(1 - cut) }
    : { lo: Number.POSITIVE_INFINITY, hi: Number.NEGATIVE_INFINITY };
}

/** At most a quarter of the lines, without which the range is less than a fifth as long. */
function farLines(extents: Extent[], log: boolean): number[] {
  const there = extents.flatMap(({ lo, hi }, i) => (hi >= lo ? i : []));
  const length = (of: number[]) => {
    const { lo, hi } = united(of.map((i) => extents[i]));
    return log ? Math.log(hi / lo) : hi - lo;
  };
  const most = Math.floor(there.length * FEW);
  for (const order of [
    [...there].sort((a, b) => extents[b].hi - extents[a].hi),
    [...there].sort((a, b) => extents[a].lo - extents[b].lo),
  ]) {
    for (let few = 1; few <= most; few++) {
      const rest = length(order.slice(few));
      if (rest > 0 && length(order) > FAR * rest) return order.slice(0, few);
    }
  }
  return [];
}

function outsideOf(seen: Seen[], [lo, hi]: Span): YRange['outside'] {
  return seen
    .map(({ label, values }) => ({
      label,
      count: values.filter((value) => value < lo || value > hi).length,
    }))
    .filter(({ count }) => count > 0);
}

function windowed(extent: Extent, log: boolean, window: Window): Span {
  const auto = log ? niceLogBounds(extent.lo, extent.hi) : niceBounds(extent.lo, extent.hi);
  const usable = (value: number | null) => value !== null && (!log || value > 0);
  const lo = usable(window.min) ? window.min! : auto[0];
  const hi = usable(window.max) ? window.max! : auto[1];
  return hi > lo ? [lo, hi] : auto;
}

/** Index range of the buckets inside x. */
export function inside(line: Line, [x0, x1]: Span): Span {
  let from = 0;
  let to = line.x.length;
  while (from < to && line.x[from] < x0) from++;
  while (to > from && line.x[to - 1] > x1) to--;
  return [from, to];
}
