/** The moment under the pointer: crosshair, points, step pill and tooltip of a line panel. */

import { nonFiniteAt } from '../../math/buckets';
import { formatValue } from '../../math/numbers';
import { nearestIndex } from '../../math/search';
import type { Callbacks, LineOptions, Moment } from '../../model/types';
import { xFull, xShort } from '../axes';
import type { Frame, Point } from '../frame';
import { type Box, circle, crosshair, dot, pillBelow, ring, type Span, Surface } from '../surface';
import { colorOf } from '../theme';
import { type TooltipRow, tooltip } from '../tooltip';
import type { DrawnLine, LineModel } from './lineModel';

const MOST_ROWS = 12;

/** One line at the hovered x. */
interface Reading {
  item: DrawnLine;
  /** Its bucket, or -1 where the line has none near x. */
  bucket: number;
  value: number;
  y: number;
}

export class LineHover {
  /** Made when the first moment is shown: most panels of a page never need it. */
  private surface: Surface | null = null;
  private labels: Span[] = [];
  private moment: Moment | null = null;
  private pointer: Point | null = null;
  private nearest: string | null = null;

  constructor(
    private readonly frame: Frame,
    private readonly callbacks: Callbacks,
    private model: LineModel,
    private options: LineOptions,
  ) {}

  /** What is drawn below, and where the labels of its x-axis are. */
  attach(model: LineModel, options: LineOptions, labels: Span[]): void {
    this.model = model;
    this.options = options;
    this.labels = labels;
  }

  show(moment: Moment | null): void {
    this.moment = moment;
    this.draw();
  }

  refresh(): void {
    this.draw();
  }

  destroy(): void {
    tooltip().hide(this);
  }

  move(point: Point): void {
    this.pointer = point;
    const moment = { x: this.xAt(point.x), axis: this.options.x.kind, pinned: false };
    this.moment = moment;
    this.draw();
    this.callbacks.onMoment?.(moment);
  }

  leave(): void {
    if (!this.pointer) return;
    this.pointer = null;
    this.moment = null;
    tooltip().hide(this);
    this.draw();
    this.callbacks.onMoment?.(null);
    this.callbacks.onNearest?.(null);
  }

  pin({ x }: Point): void {
    this.callbacks.onMoment?.({ x: this.xAt(x), axis: this.options.x.kind, pinned: true });
  }

  /** x at this pixel of the chart. */
  xAt(pixel: number): number {
    const [x0, x1] = this.model.x;
    const share = (pixel - this.box.left) / this.box.width;
    return this.options.x.log ? x0 * (x1 / x0) ** share : x0 + (x1 - x0) * share;
  }

  private get box(): Box {
    return this.frame.box;
  }

  private toX(value: number): number {
    const [x0, x1] = this.model.x;
    const share = this.options.x.log
      ? Math.log(value / x0) / Math.log(x1 / x0)
      : (value - x0) / (x1 - x0);
    return this.box.left + share * this.box.width;
  }

  private toY(value: number): number {
    const [y0, y1] = this.model.y;
    const share = this.options.y.log
      ? Math.log(value / y0) / Math.log(y1 / y0)
      : (value - y0) / (y1 - y0);
    return this.box.top + (1 - share) * this.box.height;
  }

  private canvas(): Surface {
    if (!this.surface) {
      this.surface = new Surface(this.frame.root, true);
      this.surface.prepare(this.frame.width, this.frame.height);
    }
    return this.surface;
  }

  private draw(): void {
    this.surface?.prepare(this.frame.width, this.frame.height);
    const { moment, model, options } = this;
    if (moment?.axis !== options.x.kind) return;
    const x = this.toX(moment.x);
    if (!(x >= this.box.left - 1 && x <= this.box.left + this.box.width + 1)) return;
    const { context } = this.canvas();
    crosshair(context, x, this.box, moment.pinned);
    const readings = model.lines.map((item) => this.read(item, moment.x));
    for (const { item, y } of readings) {
      if (!this.isInside(y)) continue;
      if (readings.length > MOST_ROWS) circle(context, x, y, 2, colorOf(item.line.color));
      else dot(context, x, y, item.line.color);
    }
    if (this.pointer) this.showTooltip(readings, x);
    const text = xShort(options.x.kind, moment.x);
    const top = this.box.top + this.box.height + 4;
    pillBelow(context, text, x, top, this.frame.width, this.labels);
  }

  private isInside(y: number): boolean {
    return y >= this.box.top - 1 && y <= this.box.top + this.box.height + 1;
  }

  private read(item: DrawnLine, x: number): Reading {
    const { line, smoothed } = item;
    const bucket = nearestIndex(line.x, x);
    if (bucket < 0 || this.isBeyond(item, bucket, x)) {
      return { item, bucket: -1, value: Number.NaN, y: Number.NaN };
    }
    const value = smoothed[bucket];
    return { item, bucket, value, y: this.toY(value) };
  }

  /** The line has ended (or not begun) at x: more than 8 pixels from its last bucket. */
  private isBeyond({ line }: DrawnLine, bucket: number, x: number): boolean {
    const first = line.x[0];
    const last = line.x[line.x.length - 1];
    if (x >= first && x <= last) return false;
    return Math.abs(this.toX(line.x[bucket]) - this.toX(x)) > 8;
  }

  private showTooltip(readings: Reading[], x: number): void {
    const there = readings.filter((reading) => reading.bucket >= 0);
    if (there.length === 0) {
      tooltip().hide(this);
      return;
    }
    const pointerY = this.pointer!.y;
    const nearest = nearestReading(there, pointerY);
    this.tellNearest(nearest?.item.line.id ?? null);
    this.markExtreme(nearest, x);
    tooltip().show(this, this.content(readings, nearest, pointerY), this.place(there, x));
  }

  private tellNearest(id: string | null): void {
    if (id === this.nearest) return;
    this.nearest = id;
    this.callbacks.onNearest?.(id);
  }

  private markExtreme(nearest: Reading | null, x: number): void {
    if (!nearest?.item.banded || nearest.bucket < 0 || isSpread(nearest.item.line)) return;
    const y = this.toY(nearest.item.line.max[nearest.bucket]);
    if (this.isInside(y)) ring(this.canvas().context, x, y, nearest.item.line.color);
  }

  private content(readings: Reading[], nearest: Reading | null, pointerY: number) {
    const { x, smoothing } = this.options;
    const shown = readings
      .map((reading) => ({ reading, away: Math.abs(reading.y - pointerY) }))
      .sort((a, b) => orderNaN(a.away, b.away))
      .slice(0, MOST_ROWS)
      .map(({ reading }) => reading)
      .sort((a, b) => orderNaN(a.y, b.y));
    const smoothed = smoothing.kind !== 'none';
    const rows = shown.map((reading) => this.row(reading, reading === nearest, smoothed));
    const more = readings.length > MOST_ROWS ? `+ ${readings.length - MOST_ROWS}` : '';
    return {
      title: xFull(x.kind, this.titleX(readings, nearest), x.name),
      heads: smoothed ? ['smoothed', 'original'] : [''],
      rows,
      foot: [extremeText(nearest, this.options), more].filter(Boolean).join(' · '),
    };
  }

  /** The exact x of the nearest line's bucket. */
  private titleX(readings: Reading[], nearest: Reading | null): number {
    const reading = nearest ?? readings.find(({ bucket }) => bucket >= 0);
    return reading ? reading.item.line.x[reading.bucket] : this.moment!.x;
  }

  private row({ item, bucket, value }: Reading, strong: boolean, smoothed: boolean): TooltipRow {
    const { color, label } = item.line;
    if (bucket < 0) return { color, label, strong, cells: smoothed ? ['–', '–'] : ['–'] };
    const original = Number.isNaN(item.original[bucket])
      ? nonFiniteText(item, bucket)
      : formatValue(item.original[bucket]);
    const cells = smoothed ? [formatValue(value), original] : [original];
    return { color, label, strong, cells };
  }

  private place(readings: Reading[], x: number) {
    const bounds = this.frame.root.getBoundingClientRect();
    const highest = readings.reduce(
      (top, { y }) => (this.isInside(y) && y < top ? y : top),
      this.box.top + this.box.height,
    );
    return {
      x: bounds.left + x,
      dataTop: bounds.top + highest,
      plotLeft: bounds.left + this.box.left,
      plotRight: bounds.left + this.box.left + this.box.width,
    };
  }
}

function orderNaN(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  return Number.isNaN(b) ? -1 : a - b;
}

function nearestReading(readings: Reading[], y: number): Reading | null {
  let best: Reading | null = null;
  for (const reading of readings) {
    if (Number.isNaN(reading.y)) continue;
    if (!best || Math.abs(reading.y - y) < Math.abs(best.y - y)) best = reading;
  }
  return best;
}

function nonFiniteText({ line }: DrawnLine, i: number): string {
  if (line.nan[i] > 0) return 'NaN';
  if (line.posInf[i] > 0) return '∞';
  return line.negInf[i] > 0 ? '−∞' : '–';
}

/** The band of a group that is no extreme of any point. */
const isSpread = ({ spread }: DrawnLine['line']): boolean =>
  spread !== undefined && spread !== 'minmax';

/** The nearest line's exact extreme in its bucket, or its non-finite values. */
function extremeText(nearest: Reading | null, options: LineOptions): string {
  if (!nearest || nearest.bucket < 0) return '';
  const { line } = nearest.item;
  const i = nearest.bucket;
  const broken = nonFiniteAt(line, i);
  const parts: string[] = [];
  if (broken > 0) parts.push(`${broken} non-finite`);
  if (isSpread(line)) {
    if (line.spread !== 'none')
      parts.push(`band ${formatValue(line.min[i])} to ${formatValue(line.max[i])}`);
  } else if (line.count[i] > 1 && line.finite[i] > 0) {
    const at = xFull(options.x.kind, line.xMax[i], options.x.name).toLowerCase();
    parts.push(`max ${formatValue(line.max[i])} at ${at}`, `min ${formatValue(line.min[i])}`);
  }
  return parts.join(' · ');
}
