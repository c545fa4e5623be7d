/** Strokes, envelopes and whiskers of lines, in device pixels. */

import type { Rgb } from '../../math/color';
import type { Line } from '../../model/types';
import { imageSource } from '../scratch';
import type { Box } from '../surface';

/** The plot in device pixels, and where values fall in it. */
export interface Plane {
  box: Box;
  x(value: number): number;
  y(value: number): number;
}

/**
 * Adds a line through (xs, ys) to the context's path. Points of one pixel column become its first,
 * lowest, highest and last y. NaN breaks the line; points alone between breaks are returned.
 */
function trace(
  context: CanvasRenderingContext2D,
  xs: Float64Array,
  ys: Float64Array,
  plane: Plane,
): [number, number][] {
  const alone: [number, number][] = [];
  let column = Number.NaN;
  let lo = 0;
  let hi = 0;
  let last = 0;
  let length = 0;
  const flush = () => {
    if (hi > lo) {
      context.lineTo(column, lo);
      context.lineTo(column, hi);
      context.lineTo(column, last);
    }
  };
  const end = () => {
    if (length > 0) flush();
    if (length === 1 && hi === lo) alone.push([column, last]);
    length = 0;
  };
  for (let i = 0; i < xs.length; i++) {
    const y = plane.y(ys[i]);
    if (!Number.isFinite(y)) {
      end();
      continue;
    }
    const x = Math.round(plane.x(xs[i]));
    if (length > 0 && x === column) {
      if (y < lo) lo = y;
      if (y > hi) hi = y;
      last = y;
      continue;
    }
    if (length > 0) {
      flush();
      context.lineTo(x, y);
    } else context.moveTo(x, y);
    column = x;
    lo = y;
    hi = y;
    last = y;
    length++;
  }
  end();
  return alone;
}

export interface Stroke {
  color: string;
  width: number;
  dash: number[];
}

/** Strokes one line; points without neighbours become small dots. */
export function strokeLine(
  context: CanvasRenderingContext2D,
  xs: Float64Array,
  ys: Float64Array,
  plane: Plane,
  { color, width, dash }: Stroke,
): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineJoin = 'round';
  context.setLineDash(dash);
  context.beginPath();
  const alone = trace(context, xs, ys, plane);
  context.stroke();
  context.setLineDash([]);
  if (alone.length === 0) return;
  context.fillStyle = color;
  const size = Math.max(2, Math.round(width * 2));
  for (const [x, y] of alone) context.fillRect(x - size / 2, y - size / 2, size, size);
}

/** Pixels that envelopes of several lines are blended into, one column at a time. */
export class EnvelopeImage {
  private readonly data: ImageData;
  private readonly top: Float32Array;
  private readonly bottom: Float32Array;

  constructor(private readonly plane: Plane) {
    const width = Math.max(1, Math.round(plane.box.width));
    const height = Math.max(1, Math.round(plane.box.height));
    this.data = new ImageData(width, height);
    this.top = new Float32Array(width);
    this.bottom = new Float32Array(width);
  }

  /** Blends the band between the line's bucket minima and maxima. */
  add(line: Line, color: Rgb, alpha: number): void {
    this.top.fill(Number.POSITIVE_INFINITY);
    this.bottom.fill(Number.NEGATIVE_INFINITY);
    this.measure(line);
    for (let column = 0; column < this.top.length; column++) this.blend(column, color, alpha);
  }

  paint(context: CanvasRenderingContext2D): void {
    const { left, top } = this.plane.box;
    const { width, height } = this.data;
    const source = imageSource(this.data);
    context.drawImage(
      source,
      0,
      0,
      width,
      height,
      Math.round(left),
      Math.round(top),
      width,
      height,
    );
  }

  /** Top and bottom of the band in each column, joined straight between buckets. */
  private measure(line: Line): void {
    const { box, x, y } = this.plane;
    let from = Number.NaN;
    let fromTop = 0;
    let fromBottom = 0;
    for (let i = 0; i < line.x.length; i++) {
      if (!(line.finite[i] > 0)) {
        from = Number.NaN;
        continue;
      }
      const to = x(line.x[i]) - box.left;
      const top = y(line.max[i]) - box.top;
      const below = y(line.min[i]);
      const bottom = (Number.isFinite(below) ? below : box.top + box.height) - box.top;
      if (!Number.isFinite(top)) {
        from = Number.NaN;
        continue;
      }
      this.join(from, fromTop, fromBottom, to, top, bottom);
      from = to;
      fromTop = top;
      fromBottom = bottom;
    }
  }

  private join(
    from: number,
    fromTop: number,
    fromBottom: number,
    to: number,
    top: number,
    bottom: number,
  ): void {
    this.widen(Math.round(to), top, bottom);
    if (Number.isNaN(from)) return;
    const first = Math.max(0, Math.ceil(from));
    const end = Math.min(this.top.length - 1, Math.floor(to));
    for (let column = first; column <= end; column++) {
      const share = to > from ? (column - from) / (to - from) : 1;
      this.widen(
        column,
        fromTop + (top - fromTop) * share,
        fromBottom + (bottom - fromBottom) * share,
      );
    }
  }

  private widen(column: number, top: number, bottom: number): void {
    if (column < 0 || column >= this.top.length) return;
    if (top < this.top[column]) this.top[column] = top;
    if (bottom > this.bottom[column]) this.bottom[column] = bottom;
  }

  /** Source-over of one column, on colours that aren't premultiplied. */
  private blend(column: number, [r, g, b]: Rgb, alpha: number): void {
    const { width, height, data } = this.data;
    const from = Math.max(0, Math.round(this.top[column]));
    const to = Math.min(height - 1, Math.round(this.bottom[column]));
    for (let row = from; row <= to; row++) {
      const at = 4 * (row * width + column);
      const under = (data[at + 3] / 255) * (1 - alpha);
      const total = alpha + under;
      data[at] = (r * alpha + data[at] * under) / total;
      data[at + 1] = (g * alpha + data[at + 1] * under) / total;
      data[at + 2] = (b * alpha + data[at + 2] * under) / total;
      data[at + 3] = total * 255;
    }
  }
}
