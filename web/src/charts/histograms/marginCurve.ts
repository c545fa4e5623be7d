/** The cross-section of one event beside a heatmap: bars and density along the value axis. */

import { binDensity, type DisplayBins, densityCurve, displayBins } from '../../math/display';
import type { ValueMap } from '../../math/scale';
import type { Histogram } from '../../model/types';
import type { Box } from '../surface';
import { colorOf, fade, theme } from '../theme';

const CURVE_POINTS = 160;
const FLAT_SHARE = 0.004;

export interface Section {
  bins: DisplayBins;
  bars: Float64Array;
  at: Float64Array;
  density: Float64Array;
  peak: number;
  color: string;
}

export function sectionOf(
  h: Histogram,
  map: ValueMap,
  value: [number, number],
  color: string,
): Section {
  const bins = displayBins(h, map, value);
  const view: [number, number] = [map.forward(value[0]), map.forward(value[1])];
  const { at, density } = densityCurve(bins, 1, view, CURVE_POINTS);
  const bars = bins.constant ? Float64Array.of(1) : binDensity(bins);
  const scale = h.n > 0 ? 1 / h.n : 0;
  const share = bins.constant ? bars : bars.map((bar) => bar * scale);
  const curve = density.map((value) => value * scale);
  return { bins, bars: share, at, density: curve, peak: peakOf(share, curve), color };
}

function peakOf(...curves: Float64Array[]): number {
  let peak = 0;
  for (const curve of curves) for (const value of curve) if (value > peak) peak = value;
  return peak;
}

/** `placeY` maps a position on the value axis to a pixel. */
export function drawSections(
  context: CanvasRenderingContext2D,
  sections: Section[],
  box: Box,
  placeY: (position: number) => number,
): void {
  context.fillStyle = theme().line2;
  context.fillRect(box.left, box.top, 1, box.height + 1);
  const peak = Math.max(...sections.map((section) => section.peak));
  if (!(peak > 0)) return;
  const scale = (box.width - 4) / peak;
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  for (const section of sections) {
    if (section.bins.constant) drawConstant(context, section, box, placeY);
    else drawSection(context, section, box, scale, placeY);
  }
  context.restore();
}

function drawConstant(
  context: CanvasRenderingContext2D,
  { bins, color }: Section,
  box: Box,
  placeY: (position: number) => number,
): void {
  context.fillStyle = colorOf(color);
  context.fillRect(box.left, Math.round(placeY(bins.edges[0])) - 1, box.width - 4, 2);
}

function drawSection(
  context: CanvasRenderingContext2D,
  { bins, bars, at, density, peak, color }: Section,
  box: Box,
  scale: number,
  placeY: (position: number) => number,
): void {
  context.fillStyle = fade(color, theme().dark ? 0.34 : 0.26);
  for (let i = 0; i < bars.length; i++) {
    const bottom = placeY(bins.edges[i]);
    const top = placeY(bins.edges[i + 1]);
    if (bars[i] > 0) context.fillRect(box.left, top, bars[i] * scale, bottom - top);
  }
  context.strokeStyle = colorOf(color);
  context.lineWidth = 1.25;
  context.beginPath();
  let open = false;
  for (let i = 0; i < at.length; i++) {
    if (density[i] <= peak * FLAT_SHARE) {
      open = false;
      continue;
    }
    const x = box.left + density[i] * scale;
    if (open) context.lineTo(x, placeY(at[i]));
    else context.moveTo(x, placeY(at[i]));
    open = true;
  }
  context.stroke();
}

/** Height of the curve at a position, in the units of `peak`. */
export function densityAt({ at, density }: Section, position: number): number {
  const step = (at[at.length - 1] - at[0]) / (at.length - 1);
  const i = Math.round((position - at[0]) / step);
  return density[Math.min(density.length - 1, Math.max(0, i))];
}
