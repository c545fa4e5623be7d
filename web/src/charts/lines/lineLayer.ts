/**
 * What lies under the smoothed lines and is dear to draw: envelopes, faint originals, whiskers and
 * the marks of non-finite values. All in device pixels.
 */

import { nonFiniteAt } from '../../math/buckets';
import type { Line } from '../../model/types';
import { circle, clipped, nonFiniteMark } from '../surface';
import { colorOf, fade, rgbOf, theme } from '../theme';
import type { DrawnLine } from './drawnLine';
import { EnvelopeImage, type Plane, strokeLine } from './lineDrawing';
import type { LineModel } from './lineModel';
import { MIN_WHISKER_PIXELS, whiskersOf } from './lineMoment';

const MARK_APART_PIXELS = 9;

const ratio = (): number => devicePixelRatio || 1;

const CHANCE_DASH = [4, 4];

/** The line of y = x across the whole plot. */
export function paintDiagonal(context: CanvasRenderingContext2D, plane: Plane): void {
  const ends = Float64Array.of(0, 1);
  const stroke = { color: theme().ink3, width: ratio(), dash: CHANCE_DASH.map((l) => l * ratio()) };
  clipped(context, plane.box, () => strokeLine(context, ends, ends, plane, stroke));
}

/** A value that is looked for, across the whole plot. */
export function paintGuide(
  context: CanvasRenderingContext2D,
  plane: Plane,
  { value, label }: { value: number; label: string },
): void {
  const { left, top, width, height } = plane.box;
  const y = Math.round(plane.y(value)) + 0.5;
  if (!(y >= top && y <= top + height)) return;
  context.save();
  context.strokeStyle = theme().ink2;
  context.fillStyle = theme().ink2;
  context.lineWidth = ratio();
  context.setLineDash(CHANCE_DASH.map((length) => length * ratio()));
  context.beginPath();
  context.moveTo(left, y);
  context.lineTo(left + width, y);
  context.stroke();
  context.font = theme().font.replace(/^\d+/, String(11 * ratio()));
  context.textAlign = 'right';
  context.textBaseline = 'bottom';
  context.fillText(label, left + width - 4 * ratio(), y - 2 * ratio());
  context.restore();
}

export function paintLineLayer(
  context: CanvasRenderingContext2D,
  { lines, showsOriginal }: LineModel,
  plane: Plane,
): void {
  context.save();
  clipped(context, plane.box, () => {
    paintEnvelopes(context, lines, plane);
    const alpha = lines.length === 1 ? 0.38 : 0.22;
    if (showsOriginal) for (const item of lines) paintOriginal(context, plane, item, alpha);
    for (const item of lines) paintWhiskers(context, plane, item);
  });
  for (const { line } of lines) paintMarks(context, plane, line);
  context.restore();
}

function paintEnvelopes(context: CanvasRenderingContext2D, lines: DrawnLine[], plane: Plane): void {
  const banded = lines.filter((item) => item.banded);
  if (banded.length === 0) return;
  const image = new EnvelopeImage(plane);
  const alpha = Math.min(0.16, 0.46 / lines.length);
  for (const { line } of banded) image.add(line, rgbOf(line.color), alpha);
  image.paint(context);
}

function paintOriginal(
  context: CanvasRenderingContext2D,
  plane: Plane,
  { line, original }: DrawnLine,
  alpha: number,
): void {
  const color = fade(line.color, alpha);
  strokeLine(context, line.x, original, plane, { color, width: ratio(), dash: [] });
}

function paintWhiskers(context: CanvasRenderingContext2D, plane: Plane, item: DrawnLine): void {
  context.globalAlpha = 0.85;
  const { min, max } = item.line;
  const found = whiskersOf(item);
  for (const i of found.max) paintWhisker(context, plane, item, i, max[i]);
  for (const i of found.min) paintWhisker(context, plane, item, i, min[i]);
  context.globalAlpha = 1;
}

function paintWhisker(
  context: CanvasRenderingContext2D,
  plane: Plane,
  { line, original }: DrawnLine,
  i: number,
  extreme: number,
): void {
  const x = Math.round(plane.x(line.x[i]));
  const from = plane.y(original[i]);
  const to = plane.y(extreme);
  if (!(Math.abs(to - from) > MIN_WHISKER_PIXELS * ratio())) return;
  const color = colorOf(line.color);
  context.fillStyle = color;
  context.fillRect(x, Math.min(from, to), ratio(), Math.abs(to - from));
  circle(context, x + ratio() / 2, to, 2 * ratio(), color);
}

/** NaN and infinities, on the baseline; neighbours closer than a mark share one. */
function paintMarks(context: CanvasRenderingContext2D, { box, x }: Plane, line: Line): void {
  const bottom = (box.top + box.height) / ratio();
  let last = Number.NEGATIVE_INFINITY;
  context.save();
  context.scale(ratio(), ratio());
  for (let i = 0; i < line.x.length; i++) {
    if (nonFiniteAt(line, i) === 0) continue;
    const at = x(line.x[i]);
    const inside = at >= box.left - 1 && at <= box.left + box.width + 1;
    if (!inside || at - last < MARK_APART_PIXELS * ratio()) continue;
    last = at;
    nonFiniteMark(context, at / ratio(), bottom, line.color);
  }
  context.restore();
}
