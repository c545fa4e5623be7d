/** Axes of every chart: which ticks an axis has, and drawing them on a canvas. */

import { withoutMiddle } from '../math/nameParts';
import { formatClock, formatCount, formatDate, formatDuration, formatValue } from '../math/numbers';
import { LINEAR, type ValueMap } from '../math/scale';
import {
  durationTicks,
  logDurationTicks,
  logLabels,
  logTicks,
  stepTicks,
  symlogTicks,
  type Ticks,
  timeTicks,
  valueTicks,
} from '../math/ticks';
import type { AxisTitles, HistogramAxis, XKind } from '../model/types';
import type { Box, Span } from './surface';
import { theme } from './theme';

const X_LABEL_ROOM = 74;
const Y_LABEL_ROOM = 38;

/** x counts seconds. */
export const isDuration = (kind: XKind | HistogramAxis): boolean =>
  kind === 'runtime' || kind === 'process';

/** Ticks of a horizontal axis `pixels` wide. */
export function xTicks(
  kind: XKind | HistogramAxis,
  log: boolean,
  lo: number,
  hi: number,
  pixels: number,
): Ticks {
  const count = Math.max(2, Math.floor(pixels / X_LABEL_ROOM));
  if (log && isDuration(kind)) return logDurationTicks(lo, hi, count);
  if (log && kind !== 'time') {
    const values = logTicks(lo, hi, count);
    return { values, labels: logLabels(values) };
  }
  if (kind === 'time') return timeTicks(lo, hi, count);
  if (isDuration(kind)) return durationTicks(lo, hi, count);
  if (kind === 'metric' && Math.max(Math.abs(lo), Math.abs(hi)) < 1e4) {
    return valueTicks(lo, hi, count);
  }
  return stepTicks(lo, hi, count);
}

/** Ticks of a value axis `pixels` long; `map` is its scale. */
export function mappedTicks(
  lo: number,
  hi: number,
  pixels: number,
  map: ValueMap,
  room = Y_LABEL_ROOM,
): Ticks {
  const count = Math.max(2, Math.floor(pixels / room));
  if (map === LINEAR) return valueTicks(lo, hi, count);
  const values = symlogTicks(lo, hi, map, count);
  return { values, labels: values.map((value) => formatValue(value, 2)) };
}

/** Ticks of a log value axis. */
export function logValueTicks(lo: number, hi: number, pixels: number): Ticks {
  const values = logTicks(lo, hi, Math.max(2, Math.floor(pixels / Y_LABEL_ROOM)));
  return { values, labels: logLabels(values) };
}

/** x as a pill on the axis shows it. */
export function xShort(kind: XKind | HistogramAxis, value: number): string {
  if (kind === 'time') return formatClock(value, true);
  if (isDuration(kind)) return formatDuration(value);
  if (kind === 'metric') return formatValue(value);
  return formatCount(value);
}

/** x in full, with its name, as a tooltip's title shows it. */
export function xFull(kind: XKind | HistogramAxis, value: number, name?: string): string {
  if (kind === 'time') return `${formatDate(value)}:${formatClock(value, true).slice(-2)}`;
  if (isDuration(kind)) return formatDuration(value);
  if (kind === 'metric') return `${name ?? 'x'} ${formatValue(value, 6)}`;
  const label = kind === 'batch' ? 'Batch' : 'Step';
  return `${name ?? label} ${formatCount(value)}`;
}

/** x of a moment as every pill, slider and tooltip writes it: a range where it is a bucket. */
export function momentText(kind: XKind | HistogramAxis, { x, range }: Place): string {
  const [from, to] = range ?? [x, x];
  const [first, last] = [exactX(kind, from), exactX(kind, to)];
  return first === last ? first : `${first}–${last}`;
}

/** The same with its name, and the day where it is a time. */
export function momentName(kind: XKind | HistogramAxis, place: Place, name?: string): string {
  const text = momentText(kind, place);
  if (kind === 'time') return `${formatDate(place.range?.[0] ?? place.x).split(',')[0]}, ${text}`;
  if (isDuration(kind)) return text;
  const label = kind === 'batch' ? 'Batch' : kind === 'metric' ? 'x' : 'Step';
  const plural = name === undefined && text.includes('–') && kind !== 'metric' ? 's' : '';
  return `${name ?? label}${plural === 's' && label === 'Batch' ? 'es' : plural} ${text}`;
}

/** `step 5` of `Step 5`; a key of the user keeps its letters. */
export const uncapital = (text: string): string =>
  text.replace(/^(Step|Batch)/, (word) => word.toLowerCase());

interface Place {
  x: number;
  range?: [from: number, to: number];
}

function exactX(kind: XKind | HistogramAxis, value: number): string {
  if (kind === 'time') return formatClock(value, true);
  if (isDuration(kind)) return formatDuration(value);
  if (kind === 'metric' && !Number.isInteger(value)) return formatValue(value, 6);
  return formatCount(value);
}

const LABEL_GAP = 6;

/**
 * Labels under the box and its baseline; returns where the labels are. One at an end is shifted to
 * stay inside, and left out where it would run into the one before it.
 */
export function drawXAxis(
  context: CanvasRenderingContext2D,
  box: Box,
  ticks: Ticks,
  place: (value: number) => number,
): Span[] {
  const { line2, ink3, font } = theme();
  const bottom = box.top + box.height;
  context.fillStyle = line2;
  context.fillRect(box.left, bottom, box.width, 1);
  context.fillStyle = ink3;
  context.font = font;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const drawn: Span[] = [];
  for (const [i, value] of ticks.values.entries()) {
    const label = ticks.labels[i];
    const width = context.measureText(label).width;
    const wanted = place(value) - width / 2;
    const left = Math.min(box.left + box.width + 6 - width, Math.max(box.left - 8, wanted));
    const before = drawn.at(-1);
    if (!label || (before && left < before[1] + LABEL_GAP)) continue;
    context.fillText(label, left, bottom + 13);
    drawn.push([left, left + width]);
  }
  return drawn;
}

/** Labels left of the box; `gridlines` across it, or short ticks. */
export function drawYAxis(
  context: CanvasRenderingContext2D,
  box: Box,
  ticks: Ticks,
  place: (value: number) => number,
  gridlines: boolean,
): void {
  const { grid, line2, ink3, font } = theme();
  context.font = font;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  ticks.values.forEach((value, i) => {
    const y = Math.round(place(value));
    if (y < box.top - 1 || y > box.top + box.height + 1) return;
    context.fillStyle = gridlines ? grid : line2;
    if (!gridlines) context.fillRect(box.left - 3, y, 3, 1);
    else if (y < box.top + box.height - 1) context.fillRect(box.left, y, box.width, 1);
    context.fillStyle = ink3;
    context.fillText(ticks.labels[i], box.left - 6, Math.max(6, y + 0.5));
  });
}

const TITLE_ROOM = 16;

/** What titles of axes take of the room above and below the plot. */
export function titleRoom(titles: AxisTitles | undefined): { top: number; bottom: number } {
  return { top: titles?.y ? TITLE_ROOM : 0, bottom: titles?.x ? TITLE_ROOM : 0 };
}

/** The title of x under its labels in the middle, that of y over its labels; both are shortened. */
export function drawTitles(
  context: CanvasRenderingContext2D,
  box: Box,
  titles: AxisTitles | undefined,
): void {
  if (!titles) return;
  const { ink3, font } = theme();
  context.font = font;
  context.fillStyle = ink3;
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  const x = shortened(context, titles.x, box.width);
  context.fillText(x, box.left + box.width / 2, box.top + box.height + 30);
  context.textAlign = 'left';
  context.fillText(shortened(context, titles.y, box.left + box.width), 0, 7);
}

/** The text, or as much as fits of its beginning and, before that, of its end. */
export function shortened(context: CanvasRenderingContext2D, label: string, room: number): string {
  if (context.measureText(label).width <= room) return label;
  let kept = label.length;
  let text = label;
  do text = withoutMiddle(label, --kept);
  while (kept > 1 && context.measureText(text).width > room);
  return text;
}

/** Width of the label column that these labels need, at least 40. */
export function labelColumn(labels: string[]): number {
  const longest = labels.reduce((length, label) => Math.max(length, label.length), 0);
  return Math.max(40, Math.ceil(longest * 6.4) + 12);
}
