/** The single-step view before it is drawn: bins, densities, ranges and what must be said. */

import {
  binDensity,
  type DensityCurve,
  type DisplayBins,
  densityCurve,
  displayBins,
  meanWidth,
} from '../../math/display';
import { FLAG_MAGNITUDE_SAMPLED, FLAG_PARTIAL_EVENT, largestShare } from '../../math/histogram';
import { formatCount, formatShare, formatValue } from '../../math/numbers';
import { lacksParts, partText } from '../../math/parts';
import { type Statistics, statistics, symlogCore } from '../../math/percentiles';
import { LINEAR, symlog, type ValueMap } from '../../math/scale';
import { niceBounds } from '../../math/ticks';
import type { Note, StepOptions, StepOverlay } from '../../model/types';

export interface StepItem {
  overlay: StepOverlay;
  bins: DisplayBins;
  /** Height of each bin in the unit of the y-axis. */
  bars: Float64Array;
  curve: DensityCurve;
  /** The curve in the unit of the y-axis. */
  heights: Float64Array;
  statistics: Statistics;
}

export interface StepModel {
  items: StepItem[];
  map: ValueMap;
  /** Values at the ends of the x-axis. */
  x: [number, number];
  yMax: number;
  density: boolean;
  notes: Note[];
}

const HALF = 0.5;
const CURVE_POINTS = 240;

export function buildStep(overlays: StepOverlay[], options: StepOptions): StepModel {
  const histograms = overlays.map((overlay) => overlay.histogram);
  const x = xRange(overlays, options);
  const largest = Math.max(Math.abs(x[0]), Math.abs(x[1]));
  const map = options.x.scale === 'linear' ? LINEAR : symlog(symlogCore(histograms, largest));
  const density = options.y === 'density' || (options.y === 'auto' && overlays.length > 1);
  const items = overlays.map((overlay) => buildItem(overlay, options, map, x, density));
  const yMax = niceBounds(0, Math.max(...items.map((item) => peak(item, options)), 0))[1];
  return { items, map, x, yMax, density, notes: notesOf(items, options) };
}

function buildItem(
  overlay: StepOverlay,
  options: StepOptions,
  map: ValueMap,
  x: [number, number],
  density: boolean,
): StepItem {
  const h = overlay.histogram;
  const bins = displayBins(h, map, x);
  const view: [number, number] = [map.forward(x[0]), map.forward(x[1])];
  const curve = densityCurve(bins, options.bandwidth, view, CURVE_POINTS);
  const scale = bins.constant || !(h.n > 0) ? 0 : density ? 1 / h.n : meanWidth(bins);
  // of a density an atom has no height
  const atomHeight = density ? 0 : h.n;
  return {
    overlay,
    bins,
    bars: bins.constant ? Float64Array.of(atomHeight) : binDensity(bins).map((bar) => bar * scale),
    curve,
    heights: curve.density.map((value) => value * scale),
    statistics: statistics(h),
  };
}

function peak({ bars, bins, heights }: StepItem, { draw }: StepOptions): number {
  let highest = 0;
  const hasBars = draw !== 'kde' || bins.constant;
  if (hasBars) for (const bar of bars) if (bar > highest) highest = bar;
  if (draw !== 'bars') for (const height of heights) if (height > highest) highest = height;
  return highest;
}

/** All finite values of all overlays, and a little room; around a constant as much as it is far from 0. */
function xRange(overlays: StepOverlay[], { x }: StepOptions): [number, number] {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const { histogram } of overlays) {
    if (!(histogram.n > 0)) continue;
    lo = Math.min(lo, histogram.lo);
    hi = Math.max(hi, histogram.hi);
  }
  if (lo > hi) [lo, hi] = [-1, 1];
  if (lo === hi) {
    const half = lo === 0 ? 1 : Math.abs(lo);
    [lo, hi] = [lo - half, hi + half];
  }
  const room = 0.02 * (hi - lo);
  const from = x.window.min ?? lo - room;
  const to = x.window.max ?? hi + room;
  return to > from ? [from, to] : [lo - room, hi + room];
}

function notesOf(items: StepItem[], options: StepOptions): Note[] {
  const notes = items.flatMap(({ overlay, bins }) => itemNotes(overlay, bins, items.length > 1));
  const widths = items.filter(({ curve }) => curve.bandwidth > 0);
  if (options.draw !== 'bars' && widths.length > 0) {
    const last = widths[widths.length - 1];
    const unit = options.x.scale === 'symlog' ? ' decades' : '';
    notes.push({ text: `bandwidth ${formatValue(last.curve.bandwidth, 3)}${unit}`, tone: 'plain' });
  }
  return notes;
}

function itemNotes(overlay: StepOverlay, bins: DisplayBins, several: boolean): Note[] {
  const h = overlay.histogram;
  const who = several ? `${overlay.label}: ` : '';
  const plain = (text: string): Note => ({ text: who + text, tone: 'plain' });
  const notes: Note[] = [];
  const broken = h.nan + h.posInf + h.negInf;
  if (broken > 0) {
    const all = h.n > 0 ? '' : 'only ';
    notes.push({ text: `${who}${all}${formatCount(broken)} non-finite`, tone: 'bad' });
  }
  if (bins.constant) {
    notes.push(plain(`every value is exactly ${formatValue(h.lo)} · n ${formatCount(h.n)}`));
  } else if (bins.source === 'bins' && largestShare(h) > HALF) {
    notes.push({ ...plain(`one bin holds ${formatShare(largestShare(h))}`), tone: 'warn' });
  }
  if (h.part) {
    const tone = lacksParts(h.part, h) ? 'warn' : 'plain';
    notes.push({ ...plain(partText(h.part, h)), tone });
  }
  if (bins.source === 'magnitude') notes.push(plain('bars from magnitudes'));
  if (!bins.even) notes.push(plain('bins of unequal width, drawn by area'));
  if (h.flags & FLAG_PARTIAL_EVENT) {
    notes.push({ ...plain('the backward pass raised before its end'), tone: 'warn' });
  }
  if (h.flags & FLAG_MAGNITUDE_SAMPLED) notes.push({ ...plain('magnitudes sampled'), quiet: true });
  return notes;
}
