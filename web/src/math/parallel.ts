/** Axes of parallel coordinates: where a value lies on one, and what a part of one selects. */

import { formatPlain } from './numbers';

export interface ParallelAxis {
  label: string;
  /** Ends of a numeric axis; null for an axis of words. */
  range: [number, number] | null;
  log: boolean;
  words: string[];
}

/** Values from..to of a numeric axis, or some of the words. */
export type Brush = { from: number; to: number } | { words: string[] };

/** A part of an axis, 0 at its lower end and 1 at its upper one. */
export type Part = [from: number, to: number];

const WIDE = 100;

/** Settings over several orders of magnitude, such as learning rates, need a log axis. */
export function wideRange(values: number[]): boolean {
  const finite = values.filter(Number.isFinite);
  const lo = Math.min(...finite);
  return finite.length > 1 && lo > 0 && Math.max(...finite) / lo >= WIDE;
}

export function numericAxis(label: string, values: number[]): ParallelAxis {
  const finite = values.filter(Number.isFinite);
  const range: Part | null = finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : null;
  return { label, range, log: wideRange(finite), words: [] };
}

export function wordAxis(label: string, values: string[]): ParallelAxis {
  return { label, range: null, log: false, words: [...new Set(values)].sort() };
}

/** NaN where the value has no place. */
export function placeOfNumber({ range, log }: ParallelAxis, value: number): number {
  if (!range || !Number.isFinite(value)) return Number.NaN;
  const [lo, hi] = range;
  if (hi === lo) return 0.5;
  return log ? Math.log(value / lo) / Math.log(hi / lo) : (value - lo) / (hi - lo);
}

export function placeOfWord({ words }: ParallelAxis, word: string): number {
  const at = words.indexOf(word);
  if (at < 0) return Number.NaN;
  return words.length > 1 ? at / (words.length - 1) : 0.5;
}

/** Four digits, so that a dragged range can be read; the ends of the axis exactly. */
function numberAt({ range, log }: ParallelAxis, place: number): number {
  const [lo, hi] = range!;
  if (place <= 0) return lo;
  if (place >= 1) return hi;
  const value = log ? lo * (hi / lo) ** place : lo + place * (hi - lo);
  return Number(value.toPrecision(4));
}

/** What a dragged part of the axis selects; null: nothing lies there. */
export function brushAt(axis: ParallelAxis, [from, to]: Part): Brush | null {
  if (axis.range) return { from: numberAt(axis, from), to: numberAt(axis, to) };
  const words = axis.words.filter((word) => {
    const place = placeOfWord(axis, word);
    return place >= from && place <= to;
  });
  return words.length > 0 ? { words } : null;
}

/** The parts of the axis that a brush covers: one for each word. */
export function partsOf(axis: ParallelAxis, brush: Brush): Part[] {
  const bounded = (place: number) => Math.min(1, Math.max(0, place));
  if ('words' in brush) {
    const half = axis.words.length > 1 ? 0.4 / (axis.words.length - 1) : 0.1;
    return brush.words
      .map((word) => placeOfWord(axis, word))
      .filter((place) => !Number.isNaN(place))
      .map((place) => [bounded(place - half), bounded(place + half)]);
  }
  if (!axis.range) return [];
  const [from, to] = [placeOfNumber(axis, brush.from), placeOfNumber(axis, brush.to)];
  if (Number.isNaN(from) || Number.isNaN(to) || to < 0 || from > 1) return [];
  return [[bounded(from), bounded(to)]];
}

/** What a brush selects, in words. */
export const describeBrush = (brush: Brush): string =>
  'words' in brush
    ? brush.words.join(' or ')
    : `${formatPlain(brush.from)} to ${formatPlain(brush.to)}`;
