/** The moment under the pointer: crosshair, points, step pill and tooltip of a line panel. */

import { digitsOn, formatValue } from '../../math/numbers';
import type { Callbacks, LineOptions, Moment } from '../../model/types';
import { announce } from '../announce';
import { momentName, momentText, uncapital } from '../axes';
import type { Frame, Point } from '../frame';
import { type Box, circle, crosshair, dot, pillBelow, ring, type Span, Surface } from '../surface';
import { colorOf } from '../theme';
import { type TooltipRow, tooltip } from '../tooltip';
import type { DrawnLine } from './drawnLine';
import { alertText } from './lineAlerts';
import type { LineModel } from './lineModel';
import { bucketAt, hasExtremes, type LinePlot, momentOf, type Spot, spotAt } from './lineMoment';
import { inside } from './lineRange';
import { columnText, groupText } from './lineTexts';

const MOST_ROWS = 12;

/** One line at the hovered x. */
interface Reading {
  item: DrawnLine;
  /** Its bucket, or -1 where the line has none near x. */
  bucket: number;
  value: number;
  /** Pixel of its point. */
  x: number;
  y: number;
}

export class LineHover {
  /** Made when the first moment is shown: most panels of a page never need it. */
  private surface: Surface | null = null;
  private labels: Span[] = [];
  private moment: Moment | null = null;
  private pointer: Point | null = null;
  /** What the pointer is on. */
  private spot: Spot | null = null;
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

  /** The moment that is shown, as the pill writes it, with what each line has there. */
  shown() {
    const { moment, options, model } = this;
    if (moment?.axis !== options.x.kind) return null;
    const rows = model.lines
      .map((item) => this.read(item, moment.x))
      .filter(({ bucket }) => bucket >= 0)
      .map((reading) => ({
        label: reading.item.line.label + this.otherMoment(reading),
        x: reading.item.line.x[reading.bucket],
        value: reading.value,
      }));
    return { x: moment.x, text: momentText(options.x.kind, moment), rows };
  }

  destroy(): void {
    tooltip().hide(this);
  }

  move(point: Point): void {
    this.pointer = point;
    this.spot = spotAt(this.model.lines, this.plot, point);
    this.moment = this.spot && momentOf(this.spot, this.options.x.kind);
    this.draw();
    if (!this.moment) this.forgetNearest();
    this.callbacks.onMoment?.(this.moment);
  }

  /** To the next or previous logged point of the line that the crosshair is on, and says it. */
  step(by: -1 | 1): void {
    const next = this.spotBeside(by);
    if (!next) return;
    const { line, smoothed } = next.item;
    this.spot = next;
    this.pointer = { x: this.toX(line.x[next.bucket]), y: this.toY(smoothed[next.bucket]) };
    this.moment = momentOf(next, this.options.x.kind);
    this.draw();
    this.callbacks.onMoment?.(this.moment);
    announce(this.inWords());
  }

  private spotBeside(by: -1 | 1): Spot | null {
    const { lines, x } = this.model;
    const item = lines.find((one) => one === this.spot?.item) ?? lines[0];
    if (!item) return null;
    const [from, to] = inside(item.line, x);
    const now = this.moment && this.pointer ? bucketAt(item, this.moment.x, this.plot) : -1;
    const wanted = now < 0 ? (by > 0 ? from : to - 1) : now + by;
    const bucket = Math.max(from, Math.min(to - 1, wanted));
    return to > from ? { item, bucket, snapped: false } : null;
  }

  /** `Step 5: run-0 0.1234, run-1 0.2345`. */
  private inWords(): string {
    const readings = this.model.lines.map((item) => this.read(item, this.moment!.x));
    const { title, rows } = this.content(readings, null, this.pointer!.y);
    return `${title}: ${rows.map(({ label, cells }) => `${label} ${cells[0]}`).join(', ')}`;
  }

  leave(): void {
    if (!this.pointer) return;
    this.pointer = null;
    this.moment = null;
    this.draw();
    this.callbacks.onMoment?.(null);
    this.forgetNearest();
  }

  pin(point: Point): void {
    const spot = spotAt(this.model.lines, this.plot, point);
    if (!spot) return;
    this.callbacks.onMoment?.({ ...momentOf(spot, this.options.x.kind), pinned: true });
  }

  private forgetNearest(): void {
    tooltip().hide(this);
    this.tellNearest(null);
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

  /** As many as the axis has at least, and as tell apart what lies a pixel apart. */
  private get digits(): number {
    const [lo, hi] = this.model.y;
    return this.options.y.log ? 4 : digitsOn(lo, hi);
  }

  private get plot(): LinePlot {
    return {
      box: this.box,
      toX: (value) => this.toX(value),
      toY: (value) => this.toY(value),
      xAt: (pixel) => this.xAt(pixel),
    };
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
    for (const { item, x: at, y } of readings) {
      if (!this.isInside(at, y)) continue;
      if (readings.length > MOST_ROWS) circle(context, at, y, 2, colorOf(item.line.color));
      else dot(context, at, y, item.line.color);
    }
    if (this.pointer) this.showTooltip(readings, x);
    const top = this.box.top + this.box.height + 4;
    const text = momentText(options.x.kind, moment);
    pillBelow(context, text, x, top, this.frame.width, this.labels);
  }

  private isInside(x: number, y: number): boolean {
    const { left, top, width, height } = this.box;
    return x >= left - 1 && x <= left + width + 1 && y >= top - 1 && y <= top + height + 1;
  }

  /** The line's own point there: its dot lies on the line, beside the crosshair if it must. */
  private read(item: DrawnLine, x: number): Reading {
    const bucket = bucketAt(item, x, this.plot);
    if (bucket < 0) return { item, bucket, value: Number.NaN, x: Number.NaN, y: Number.NaN };
    const value = item.smoothed[bucket];
    return { item, bucket, value, x: this.toX(item.line.x[bucket]), y: this.toY(value) };
  }

  private showTooltip(readings: Reading[], x: number): void {
    const there = readings.filter((reading) => reading.bucket >= 0);
    if (there.length === 0) {
      tooltip().hide(this);
      return;
    }
    const pointerY = this.pointer!.y;
    const snapped = this.spot?.snapped ? this.spot.item : null;
    const nearest = there.find(({ item }) => item === snapped) ?? nearestReading(there, pointerY);
    this.tellNearest(nearest?.item.line.id ?? null);
    this.markExtreme(nearest);
    tooltip().show(this, this.content(readings, nearest, pointerY), this.place(there, x));
  }

  private tellNearest(id: string | null): void {
    if (id === this.nearest) return;
    this.nearest = id;
    this.callbacks.onNearest?.(id);
  }

  private markExtreme(nearest: Reading | null): void {
    if (!nearest || nearest.bucket < 0 || !hasExtremes(nearest.item)) return;
    const { x, item, bucket } = nearest;
    const y = this.toY(item.line.max[bucket]);
    if (this.isInside(x, y)) ring(this.canvas().context, x, y, item.line.color);
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
    const noun = readings.length - MOST_ROWS === 1 ? 'line' : 'lines';
    const more = readings.length > MOST_ROWS ? `+ ${readings.length - MOST_ROWS} more ${noun}` : '';
    return {
      title: momentName(x.kind, this.moment!, x.name),
      heads: smoothed ? ['smoothed', 'original'] : [''],
      rows,
      foot: [this.footOf(nearest), more].filter(Boolean).join(' · '),
    };
  }

  /** Of the group under the pointer, and of all that the pixel column holds. */
  private footOf(nearest: Reading | null): string {
    const { spot, model, options } = this;
    const of = nearest ? groupText({ ...nearest, snapped: false }, this.digits) : '';
    const lines = spot?.snapped ? [spot.item] : model.lines;
    const at = this.pointer?.x ?? this.toX(this.moment!.x);
    const alerts = alertText(options.alerts ?? [], model.lines, at, (x) => this.toX(x));
    const pixel = this.toX(this.moment!.x);
    const column = columnText(lines, this.plot, pixel, options, this.digits);
    return [alerts, of, column].filter(Boolean).join(' · ');
  }

  private row(reading: Reading, strong: boolean, smoothed: boolean): TooltipRow {
    const { item, bucket, value } = reading;
    const { color } = item.line;
    if (bucket < 0) {
      return { color, label: item.line.label, strong, cells: smoothed ? ['–', '–'] : ['–'] };
    }
    const original = Number.isNaN(item.original[bucket])
      ? nonFiniteText(item, bucket)
      : formatValue(item.original[bucket], this.digits);
    const cells = smoothed ? [formatValue(value, this.digits), original] : [original];
    return { color, label: item.line.label + this.otherMoment(reading), strong, cells };
  }

  /** Of a line without a point at the moment: which one its value is of. */
  private otherMoment({ item, bucket }: Reading): string {
    const { kind, name } = this.options.x;
    const moment = this.moment!;
    const own = momentOf({ item, bucket, snapped: false }, kind);
    if (momentText(kind, own) === momentText(kind, moment) || overlap(own, moment)) return '';
    return ` · ${uncapital(momentName(kind, own, name))}`;
  }

  private place(readings: Reading[], x: number) {
    const bounds = this.frame.root.getBoundingClientRect();
    const highest = readings.reduce(
      (top, { x: at, y }) => (this.isInside(at, y) && y < top ? y : top),
      this.box.top + this.box.height,
    );
    return {
      x: bounds.left + x,
      dataTop: bounds.top + highest,
      plotLeft: bounds.left + this.box.left,
      plotRight: bounds.left + this.box.left + this.box.width,
      bottom: bounds.bottom,
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

/** Both are buckets and have steps in common: the same moment of two runs that log differently. */
function overlap(a: Moment, b: Moment): boolean {
  if (!a.range || !b.range) return false;
  return a.range[0] <= b.range[1] && b.range[0] <= a.range[1];
}
