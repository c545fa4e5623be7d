/** Points of two values: one for each run, or many. */

import { digitsOn, formatValue } from '../../math/numbers';
import { LINEAR } from '../../math/scale';
import { niceBounds, niceLogBounds, type Ticks } from '../../math/ticks';
import type { AxisTitles, Callbacks, Chart, Moment, Note } from '../../model/types';
import {
  drawTitles,
  drawXAxis,
  drawYAxis,
  labelColumn,
  logValueTicks,
  mappedTicks,
  shortened,
  titleRoom,
} from '../axes';
import { Frame, type FrameOwner, type Point } from '../frame';
import { circle, dot } from '../surface';
import { colorOf, fade, theme } from '../theme';

export interface ScatterPoint {
  id: string;
  label: string;
  color: string;
  x: number;
  y: number;
}

export interface ScatterOptions {
  titles: AxisTitles;
  /** What a point is, as a plural. */
  noun: string;
  log: { x: boolean; y: boolean };
  highlighted: string | null;
}

const TOP = 10;
const BOTTOM = 22;
const RIGHT = 12;
const NEAR_PIXELS = 14;
const X_ROOM = 80;
/** More points than this are drawn smaller, so that they are seen through each other. */
const CROWDED = 300;

type Range = [number, number];

interface ScatterModel {
  /** Those with both values. */
  points: ScatterPoint[];
  x: Range;
  y: Range;
  notes: Note[];
}

function buildModel(all: ScatterPoint[], { log, noun }: ScatterOptions): ScatterModel {
  const usable = (value: number, isLog: boolean) =>
    Number.isFinite(value) && !(isLog && value <= 0);
  const points = all.filter(({ x, y }) => usable(x, log.x) && usable(y, log.y));
  const left = all.length - points.length;
  const text = `${left} of ${all.length} ${noun} without both values`;
  return {
    points,
    x: boundsOf(extent(points, 'x'), log.x),
    y: boundsOf(extent(points, 'y'), log.y),
    notes: left > 0 ? [{ text, tone: 'plain' }] : [],
  };
}

export class ScatterPanel implements Chart<ScatterPoint[], ScatterOptions>, FrameOwner {
  private readonly frame: Frame;
  private model: ScatterModel;
  private hovered: ScatterPoint | null = null;

  constructor(
    host: HTMLElement,
    points: ScatterPoint[],
    private options: ScatterOptions,
    private readonly callbacks: Callbacks = {},
  ) {
    this.frame = new Frame(host, this);
    this.model = buildModel(points, options);
    this.show();
  }

  set(points: ScatterPoint[], options: ScatterOptions): void {
    this.options = options;
    this.model = buildModel(points, options);
    this.show();
  }

  private show(): void {
    this.callbacks.onNotes?.(this.model.notes);
    this.frame.label(this.describe(this.options));
    this.frame.paint();
  }

  resize(width: number, height: number): void {
    this.frame.resize(width, height);
  }

  /** Runs have no moment. */
  showMoment(_moment: Moment | null): void {}

  drawn() {
    return {
      kind: 'scatter',
      points: this.model.points.map(({ id, label, x, y }) => ({ id, label, x, y })),
      notes: this.model.notes.map(({ text }) => text),
    };
  }

  destroy(): void {
    this.frame.destroy();
  }

  paint(): void {
    const { context } = this.frame.base;
    const { titles } = this.options;
    const room = titleRoom(titles);
    const top = TOP + room.top;
    const high = this.frame.height - top - BOTTOM - room.bottom;
    const yTicks = this.ticks('y', high);
    const left = labelColumn(yTicks.labels);
    const width = Math.max(1, this.frame.width - left - RIGHT);
    this.frame.box = { left, top, width, height: Math.max(1, high) };
    drawYAxis(context, this.frame.box, yTicks, (value) => this.place('y', value), true);
    drawXAxis(context, this.frame.box, this.ticks('x', width), (value) => this.place('x', value));
    drawTitles(context, this.frame.box, titles);
    for (const point of this.model.points) this.paintPoint(context, point);
  }

  paintOver(): void {
    const point = this.hovered;
    if (!point) return;
    const { context } = this.frame.over;
    const [x, y] = [this.place('x', point.x), this.place('y', point.y)];
    dot(context, x, y, point.color, 5);
    context.font = theme().font;
    const values = `  ${this.text('x', point)}, ${this.text('y', point)}`;
    const room = this.frame.width - 12 - context.measureText(values).width;
    const text = shortened(context, point.label, room) + values;
    const width = context.measureText(text).width + 12;
    const left = Math.max(0, Math.min(this.frame.width - width, x - width / 2));
    const top = y > 30 ? y - 28 : y + 10;
    context.fillStyle = theme().ink;
    context.beginPath();
    context.roundRect(left, top, width, 18, 3);
    context.fill();
    context.fillStyle = theme().bg;
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.fillText(text, left + 6, top + 9.5);
  }

  onHover(at: Point | null): void {
    const hovered = at && this.nearest(at);
    if (hovered === this.hovered) return;
    this.hovered = hovered;
    this.callbacks.onNearest?.(hovered?.id ?? null);
    this.frame.paintOver();
  }

  /** With the digits that tell points apart. */
  private text(along: 'x' | 'y', point: ScatterPoint): string {
    return formatValue(point[along], digitsOn(...extent(this.model.points, along)));
  }

  private describe({ titles, noun }: ScatterOptions): string {
    const ends = ([lo, hi]: Range) => `${formatValue(lo)} to ${formatValue(hi)}`;
    const many = `${this.model.points.length} ${noun}`;
    const names = `${titles.y} over ${titles.x}`;
    if (this.model.points.length === 0) return `Scatter plot of ${names} without points.`;
    const [x, y] = [extent(this.model.points, 'x'), extent(this.model.points, 'y')];
    return `Scatter plot of ${names}, ${many}; x from ${ends(x)}, y from ${ends(y)}.`;
  }

  private nearest({ x, y }: Point): ScatterPoint | null {
    let best: ScatterPoint | null = null;
    let away = NEAR_PIXELS;
    for (const point of this.model.points) {
      const distance = Math.hypot(this.place('x', point.x) - x, this.place('y', point.y) - y);
      if (distance < away) {
        away = distance;
        best = point;
      }
    }
    return best;
  }

  private paintPoint(context: CanvasRenderingContext2D, point: ScatterPoint): void {
    const { highlighted } = this.options;
    const away = highlighted !== null && highlighted !== point.id;
    const crowded = this.model.points.length > CROWDED;
    const color = away || crowded ? fade(point.color, away ? 0.35 : 0.6) : colorOf(point.color);
    const radius = crowded ? 2.5 : 4;
    circle(context, this.place('x', point.x), this.place('y', point.y), radius, color);
  }

  private ticks(axis: 'x' | 'y', pixels: number): Ticks {
    const [lo, hi] = this.model[axis];
    if (this.options.log[axis]) return logValueTicks(lo, hi, axis === 'x' ? pixels / 2 : pixels);
    return axis === 'x'
      ? mappedTicks(lo, hi, pixels, LINEAR, X_ROOM)
      : mappedTicks(lo, hi, pixels, LINEAR);
  }

  private place(axis: 'x' | 'y', value: number): number {
    const [lo, hi] = this.model[axis];
    const { left, top, width, height } = this.frame.box;
    const share = this.options.log[axis]
      ? Math.log(value / lo) / Math.log(hi / lo)
      : (value - lo) / (hi - lo);
    return axis === 'x' ? left + share * width : top + (1 - share) * height;
  }
}

function extent(points: ScatterPoint[], axis: 'x' | 'y'): Range {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const point of points) {
    if (point[axis] < lo) lo = point[axis];
    if (point[axis] > hi) hi = point[axis];
  }
  return [lo, hi];
}

function boundsOf([lo, hi]: Range, log: boolean): Range {
  if (lo > hi) return log ? [0.1, 1] : [0, 1];
  return log ? niceLogBounds(lo / 1.3, hi * 1.3) : niceBounds(lo, hi);
}
