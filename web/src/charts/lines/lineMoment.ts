/** Which logged moment of a line panel is meant by a place of the pointer. */

import { nonFiniteAt } from '../../math/buckets';
import { nearestIndex } from '../../math/search';
import { whiskers } from '../../math/whiskers';
import type { Moment } from '../../model/types';
import type { Point } from '../frame';
import type { Box } from '../surface';
import type { DrawnLine } from './drawnLine';

/** The plot in CSS pixels, and where values fall in it. */
export interface LinePlot {
  box: Box;
  toX(value: number): number;
  toY(value: number): number;
  /** x at this pixel of the chart. */
  xAt(pixel: number): number;
}

/** A bucket of a line; `snapped` to the whisker or mark that is drawn there. */
export interface Spot {
  item: DrawnLine;
  bucket: number;
  snapped: boolean;
}

const SNAP_PIXELS = 5;
const MARK_PIXELS = 3.5;
/** What is nearer than this to another bucket in x is as near. */
const SAME_PIXELS = 1;
/** A line that ends has a value this far beyond its last point. */
const BEYOND_PIXELS = 8;
export const MIN_WHISKER_PIXELS = 10;

/** The band of a group is a spread between runs, which has no extremes to point at. */
export const hasExtremes = ({ banded, line }: DrawnLine): boolean =>
  banded && (line.spread === undefined || line.spread === 'minmax');

/** The whisker or mark within 5 pixels, else the logged point (or bucket) nearest in x. */
export const spotAt = (lines: DrawnLine[], plot: LinePlot, point: Point): Spot | null =>
  markNear(lines, plot, point) ?? bucketNear(lines, plot, point);

export function momentOf({ item, bucket }: Spot, axis: Moment['axis']): Moment {
  const { x, xFirst, xLast } = item.line;
  const [from, to] = [xFirst[bucket], xLast[bucket]];
  if (from === to) return { x: from, axis, pinned: false };
  return { x: x[bucket], range: [from, to], axis, pinned: false };
}

/** The line's bucket at x, or -1 where it has ended or not begun. */
export function bucketAt({ line }: DrawnLine, x: number, plot: LinePlot): number {
  const bucket = nearestIndex(line.x, x);
  if (bucket < 0) return -1;
  const inside = x >= line.x[0] && x <= line.x[line.x.length - 1];
  const away = Math.abs(plot.toX(line.x[bucket]) - plot.toX(x));
  return inside || away <= BEYOND_PIXELS ? bucket : -1;
}

function bucketNear(lines: DrawnLine[], plot: LinePlot, { x, y }: Point): Spot | null {
  const at = plot.xAt(x);
  let best: { spot: Spot; across: number; along: number } | null = null;
  for (const item of lines) {
    const bucket = bucketAt(item, at, plot);
    const pixel = bucket < 0 ? Number.NaN : plot.toX(item.line.x[bucket]);
    if (!isInside(pixel, plot.box.left, plot.box.width)) continue;
    const across = Math.abs(pixel - x);
    const off = Math.abs(plot.toY(item.smoothed[bucket]) - y);
    const along = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
    const nearer = best && Math.abs(across - best.across) <= SAME_PIXELS;
    if (best && (nearer ? along >= best.along : across > best.across)) continue;
    best = { spot: { item, bucket, snapped: false }, across, along };
  }
  return best?.spot ?? null;
}

/** The nearest in x, of several at one x that whose end is nearest. */
function markNear(lines: DrawnLine[], plot: LinePlot, point: Point): Spot | null {
  let best: { spot: Spot; away: number; off: number } | null = null;
  for (const item of lines) {
    for (const { bucket, off } of markedNear(item, plot, point)) {
      const away = Math.abs(plot.toX(item.line.x[bucket]) - point.x);
      if (best && (away > best.away || (away === best.away && off >= best.off))) continue;
      best = { spot: { item, bucket, snapped: true }, away, off };
    }
  }
  return best?.spot ?? null;
}

interface Marked {
  bucket: number;
  /** Pixels from the pointer to the end of the whisker. */
  off: number;
}

/** Buckets within reach whose whisker or mark the pointer is on. */
function markedNear(item: DrawnLine, plot: LinePlot, { x, y }: Point): Marked[] {
  const { line, original } = item;
  const { box } = plot;
  const onBaseline = y >= box.top + box.height - MARK_PIXELS - SNAP_PIXELS;
  const long = whiskersOf(item);
  const found: Marked[] = [];
  for (
    let i = Math.max(0, nearestIndex(line.x, plot.xAt(x - SNAP_PIXELS)));
    i < line.x.length;
    i++
  ) {
    const pixel = plot.toX(line.x[i]);
    if (pixel > x + SNAP_PIXELS) break;
    if (!(Math.abs(pixel - x) <= SNAP_PIXELS) || !isInside(pixel, box.left, box.width)) continue;
    const ends = [long.max.has(i) && line.max[i], long.min.has(i) && line.min[i]];
    const offs = ends
      .filter((end) => end !== false)
      .filter((end) => isBeside(plot, original[i], end, y))
      .map((end) => Math.abs(plot.toY(end) - y));
    if (onBaseline && nonFiniteAt(line, i) > 0) offs.push(0);
    if (offs.length > 0) found.push({ bucket: i, off: Math.min(...offs) });
  }
  return found;
}

function isBeside(plot: LinePlot, from: number, to: number, y: number): boolean {
  const [a, b] = [plot.toY(from), plot.toY(to)];
  if (!(Math.abs(a - b) > MIN_WHISKER_PIXELS)) return false;
  return y >= Math.min(a, b) - SNAP_PIXELS && y <= Math.max(a, b) + SNAP_PIXELS;
}

const isInside = (pixel: number, from: number, length: number): boolean =>
  pixel >= from - 1 && pixel <= from + length + 1;

interface Whiskers {
  max: Set<number>;
  min: Set<number>;
}

const known = new WeakMap<DrawnLine, Whiskers>();
const NO_WHISKERS: Whiskers = { max: new Set(), min: new Set() };

/** Buckets of the line whose maximum or minimum is drawn as a whisker. */
export function whiskersOf(item: DrawnLine): Whiskers {
  if (!hasExtremes(item)) return NO_WHISKERS;
  let found = known.get(item);
  if (!found) {
    const { mean, max, min } = item.line;
    found = { max: new Set(whiskers(mean, max, 1)), min: new Set(whiskers(mean, min, -1)) };
    known.set(item, found);
  }
  return found;
}
