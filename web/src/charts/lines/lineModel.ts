/** What a line panel shows, computed from its lines and options before anything is drawn. */

import { aggregateOf, nonFiniteAt } from '../../math/buckets';
import { counted, formatCount, formatShort } from '../../math/numbers';
import { smooth } from '../../math/smooth';
import { niceBounds, niceLogBounds } from '../../math/ticks';
import type { Line, LineOptions, Note, Window } from '../../model/types';
import { isDuration, xShort } from '../axes';

export interface DrawnLine {
  line: Line;
  /** The aggregate of each bucket. */
  original: Float64Array;
  smoothed: Float64Array;
  /** Some bucket holds more than one point and the envelope is on. */
  banded: boolean;
}

export interface LineModel {
  lines: DrawnLine[];
  x: [number, number];
  y: [number, number];
  /** The faint original is drawn beside a smoothed line. */
  showsOriginal: boolean;
  notes: Note[];
}

export function buildModel(lines: Line[], options: LineOptions): LineModel {
  const drawn = lines.map((line) => drawLine(line, options));
  const { smoothing } = options;
  const showsOriginal = smoothing.kind !== 'none' && smoothing.showOriginal;
  const x = xRange(lines, options);
  const y = yRange(drawn, options, x, showsOriginal);
  const model = { lines: drawn, x, y: y.bounds, showsOriginal, notes: [] };
  return { ...model, notes: notesOf(model, options, y.outside) };
}

function drawLine(line: Line, options: LineOptions): DrawnLine {
  const original = aggregateOf(line, options.aggregate);
  const several = line.count.some((count) => count > 1);
  const banded = options.envelope && several && options.aggregate !== 'count';
  return { line, original, smoothed: smoothLine(line, original, options), banded };
}

/** Epochs, samples and other counters climb in whole numbers: a mean of them says nothing. */
function isCounter(line: Line): boolean {
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < line.x.length; i++) {
    if (!(line.finite[i] > 0)) continue;
    const [lo, hi] = [line.min[i], line.max[i]];
    if (!Number.isInteger(lo) || !Number.isInteger(hi) || lo < before) return false;
    before = hi;
  }
  return true;
}

const counters = new WeakMap<Line, boolean>();

function countsUp(line: Line): boolean {
  const known = counters.get(line) ?? isCounter(line);
  counters.set(line, known);
  return known;
}

export function smoothLine(line: Line, original: Float64Array, options: LineOptions): Float64Array {
  if (countsUp(line)) return original;
  return smooth(options.smoothing.kind, options.smoothing.amount, {
    x: line.x,
    mean: original,
    count: line.finite,
    xRange: options.xRange,
    spacing: line.spacing,
  });
}

function xRange(lines: Line[], { x }: LineOptions): [number, number] {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    if (line.x.length === 0) continue;
    const first = x.log ? line.x.find((value) => value > 0) : line.x[0];
    if (first !== undefined && first < lo) lo = first;
    hi = Math.max(hi, line.x[line.x.length - 1]);
  }
  lo = x.window.min ?? lo;
  hi = x.window.max ?? hi;
  if (x.log && !(lo > 0)) lo = hi > 0 ? hi / 1000 : 1;
  if (!(hi >= lo) || !Number.isFinite(lo)) return x.log ? [1, 10] : [0, 1];
  if (hi > lo) return [fromZero(lo, hi, x), hi];
  return x.log ? [lo / 2, lo * 2] : [lo - 1, lo + 1];
}

/** An axis of steps or durations that begins just after 0 begins at 0. */
function fromZero(lo: number, hi: number, { kind, log, window }: LineOptions['x']): number {
  const counts = kind === 'step' || isDuration(kind);
  return counts && !log && window.min === null && lo > 0 && lo < 0.02 * hi ? 0 : lo;
}

interface Extent {
  lo: number;
  hi: number;
}

function yRange(
  drawn: DrawnLine[],
  options: LineOptions,
  x: [number, number],
  showsOriginal: boolean,
): { bounds: [number, number]; outside: number } {
  const { y } = options;
  const curves = (item: DrawnLine) => (showsOriginal ? item.original : item.smoothed);
  const extent = y.ignoreOutliers
    ? middleExtent(drawn, curves, x, y.log)
    : fullExtent(drawn, curves, x, y.log);
  const bounds = windowed(extent, y.log, y.window);
  const outside = y.ignoreOutliers ? countOutside(drawn, curves, x, bounds) : 0;
  return { bounds, outside };
}

function windowed(extent: Extent, log: boolean, window: Window): [number, number] {
  const auto = log ? niceLogBounds(extent.lo, extent.hi) : niceBounds(extent.lo, extent.hi);
  const usable = (value: number | null) => value !== null && (!log || value > 0);
  const lo = usable(window.min) ? window.min! : auto[0];
  const hi = usable(window.max) ? window.max! : auto[1];
  return hi > lo ? [lo, hi] : auto;
}

/** Index range of the buckets inside x. */
function inside(line: Line, [x0, x1]: [number, number]): [number, number] {
  let from = 0;
  let to = line.x.length;
  while (from < to && line.x[from] < x0) from++;
  while (to > from && line.x[to - 1] > x1) to--;
  return [from, to];
}

type Curve = (item: DrawnLine) => Float64Array;

function fullExtent(drawn: DrawnLine[], curve: Curve, x: [number, number], log: boolean): Extent {
  const extent = { lo: Number.POSITIVE_INFINITY, hi: Number.NEGATIVE_INFINITY };
  const add = (values: Float64Array, from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const value = values[i];
      if (!Number.isFinite(value) || (log && value <= 0)) continue;
      if (value < extent.lo) extent.lo = value;
      if (value > extent.hi) extent.hi = value;
    }
  };
  for (const item of drawn) {
    const [from, to] = inside(item.line, x);
    add(curve(item), from, to);
    if (!item.banded) continue;
    add(item.line.min, from, to);
    add(item.line.max, from, to);
  }
  return extent;
}

/** 5th to 95th percentile of the drawn bucket values. */
function middleExtent(drawn: DrawnLine[], curve: Curve, x: [number, number], log: boolean): Extent {
  const values: number[] = [];
  for (const item of drawn) {
    const [from, to] = inside(item.line, x);
    for (let i = from; i < to; i++) {
      const value = curve(item)[i];
      if (Number.isFinite(value) && !(log && value <= 0)) values.push(value);
    }
  }
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.round(share * (values.length - 1))];
  return { lo: at(0.05) ?? Number.POSITIVE_INFINITY, hi: at(0.95) ?? Number.NEGATIVE_INFINITY };
}

function countOutside(
  drawn: DrawnLine[],
  curve: Curve,
  x: [number, number],
  [lo, hi]: [number, number],
): number {
  let outside = 0;
  for (const item of drawn) {
    const [from, to] = inside(item.line, x);
    const values = curve(item);
    for (let i = from; i < to; i++) if (values[i] < lo || values[i] > hi) outside++;
  }
  return outside;
}

function notesOf(model: Omit<LineModel, 'notes'>, options: LineOptions, outside: number): Note[] {
  const notes: Note[] = [];
  const hidden = hiddenByLog(model, options);
  if (hidden > 0) {
    const what = `${counted(hidden, 'value')} ≤ 0`;
    notes.push({ text: `${what} hidden by the log axis`, tone: 'plain' });
  }
  if (outside > 0) {
    const what = counted(outside, 'bucket');
    notes.push({ text: `${what} outside the range`, tone: 'plain' });
  }
  const broken = nonFiniteNote(model, options);
  if (broken) notes.push(broken);
  const points = pointsNote(model);
  if (points) notes.push(points);
  return notes;
}

function hiddenByLog({ lines, x }: Omit<LineModel, 'notes'>, options: LineOptions): number {
  let hidden = 0;
  for (const { line, original } of lines) {
    for (let i = 0; i < original.length; i++) {
      const byX = options.x.log && line.x[i] <= 0;
      const seen = line.x[i] >= x[0] && line.x[i] <= x[1];
      const byY = options.y.log && seen && original[i] <= 0;
      if (byX || byY) hidden += line.finite[i];
    }
  }
  return hidden;
}

function nonFiniteNote({ lines, x }: Omit<LineModel, 'notes'>, options: LineOptions): Note | null {
  let total = 0;
  let first = Number.POSITIVE_INFINITY;
  for (const { line } of lines) {
    const [from, to] = inside(line, x);
    for (let i = from; i < to; i++) {
      const count = nonFiniteAt(line, i);
      if (count > 0) first = Math.min(first, line.x[i]);
      total += count;
    }
  }
  if (total === 0) return null;
  const where = `${options.x.kind === 'step' ? 'step ' : ''}${xShort(options.x.kind, first)}`;
  return { text: `${formatShort(total)} non-finite, first at ${where}`, tone: 'bad' };
}

/** Of the line with the most points: how many buckets stand for how many points. */
function pointsNote({ lines, x }: Omit<LineModel, 'notes'>): Note | null {
  let most = { buckets: 0, points: 0 };
  for (const { line } of lines) {
    if (line.spread) continue; // what a group stands for is said by its panel
    const [from, to] = inside(line, x);
    let points = 0;
    for (let i = from; i < to; i++) points += line.count[i];
    if (points > most.points) most = { buckets: to - from, points };
  }
  if (most.points === 0) return null;
  if (most.points > most.buckets) {
    const text = `${formatCount(most.buckets)} of ${formatShort(most.points)} points, extremes exact`;
    return { text, tone: 'plain' };
  }
  const all = most.points === 1 ? '1 point' : `all ${formatCount(most.points)} points`;
  return { text: all, tone: 'plain', quiet: true };
}
