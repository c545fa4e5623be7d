/** Densities of about 44 events as overlaid silhouettes: old at the back and pale, new in front. */

import { mix, toCss } from '../../math/color';
import { densityCurve, displayBins } from '../../math/display';
import type {
  Callbacks,
  Chart,
  HistogramSeries,
  Moment,
  Note,
  RidgeOptions,
} from '../../model/types';
import { drawXAxis, mappedTicks, xShort, xTicks } from '../axes';
import { describeEvents } from '../describe';
import { Frame, type FrameOwner, type Point } from '../frame';
import { pillLeft } from '../surface';
import { colorOf, rgbOf, theme } from '../theme';
import { ValueAxis } from '../valueAxis';
import { buildEvents, type EventModel, eventNotes, placeAt } from './eventModel';

const TOP = 10;
const LEFT = 8;
const RIGHT = 44;
const BOTTOM = 22;
const CURVES = 44;
const CURVE_POINTS = 200;
const BANDWIDTH = 1.2;
const AMPLITUDE = 0.46;
/** Tall peaks are pressed a little, so that flat curves stay visible. */
const PRESS = 0.8;
const SILHOUETTE = 0.006;
const X_ROOM = 80;

interface Curve {
  place: number;
  /** Highest of this curve, 0..1 of the highest of all. */
  peak: number;
  density: Float64Array;
}

export class RidgePanel implements Chart<HistogramSeries, RidgeOptions>, FrameOwner {
  private readonly frame: Frame;
  private model: EventModel | null = null;
  private curves: Curve[] = [];
  private at: Float64Array = new Float64Array(0);
  private notes: Note[] = [];
  private moment: Moment | null = null;
  private hovering = false;

  constructor(
    host: HTMLElement,
    private readonly callbacks: Callbacks = {},
  ) {
    this.frame = new Frame(host, this);
  }

  set(series: HistogramSeries, options: RidgeOptions): void {
    const window = { min: null, max: null };
    this.model = buildEvents(series, { kind: options.x.kind, window }, options.value);
    this.buildCurves(options.curves ?? CURVES);
    const total = this.model.table.length;
    const shown: Note[] =
      total > this.curves.length
        ? [{ text: `${this.curves.length} of ${total} histograms`, tone: 'plain' }]
        : [];
    this.notes = [...eventNotes(this.model), ...shown];
    const { step } = series.events;
    const steps = [step[0], step[step.length - 1]] as const;
    this.frame.label(describeEvents('Ridgeline', series.label, step.length, ...steps));
    this.callbacks.onNotes?.(this.notes);
    this.frame.paint();
  }

  resize(width: number, height: number): void {
    this.frame.resize(width, height);
  }

  showMoment(moment: Moment | null): void {
    this.moment = moment;
    this.frame.paintOver();
  }

  drawn() {
    if (!this.model) return null;
    const { series, axis, value, places } = this.model;
    return {
      kind: 'ridgeline',
      label: series.label,
      axis,
      value,
      events: this.model.table.length,
      curves: this.curves.map(({ place, density }) => ({
        event: places.order[place],
        x: places.position[place],
        density: Array.from(density),
      })),
      notes: this.notes.map((note) => note.text),
    };
  }

  destroy(): void {
    this.frame.destroy();
  }

  paint(): void {
    const { model, frame } = this;
    if (!model) return;
    frame.box = {
      left: LEFT,
      top: TOP,
      width: Math.max(1, frame.width - LEFT - RIGHT),
      height: Math.max(1, frame.height - TOP - BOTTOM),
    };
    const { context } = frame.base;
    this.paintGrid(context);
    for (const [rank, curve] of this.curves.entries()) this.paintCurve(context, curve, rank, false);
    this.paintMoments(context);
  }

  paintOver(): void {
    const { moment, model, frame } = this;
    if (!moment || !model || moment.axis !== model.axis) return;
    const rank = this.rankAt(moment.x);
    if (rank < 0) return;
    const { context } = frame.over;
    this.paintCurve(context, this.curves[rank], rank, true);
    const x = model.places.position[this.curves[rank].place];
    const text = xShort(model.axis, x);
    pillLeft(context, text, frame.width, this.baseline(rank));
  }

  onHover(point: Point | null): void {
    const { model } = this;
    if (!model || (!point && !this.hovering)) return;
    this.hovering = point !== null;
    const rank = point ? this.nearestRank(point.y) : -1;
    const x = rank < 0 ? Number.NaN : model.places.position[this.curves[rank].place];
    this.moment = rank < 0 ? null : { x, axis: model.axis, pinned: false };
    this.frame.paintOver();
    this.callbacks.onMoment?.(this.moment);
  }

  onClick(point: Point): void {
    const rank = this.nearestRank(point.y);
    if (rank >= 0) this.callbacks.onPick?.(this.model!.places.order[this.curves[rank].place]);
  }

  onDrag(from: Point, to: Point, along: 'x' | 'y'): void {
    if (along !== 'x') return;
    const axis = this.xAxis();
    const ends = [axis.value(from.x), axis.value(to.x)].sort((a, b) => a - b);
    this.callbacks.onValueZoom?.(ends[0], ends[1]);
  }

  onDoubleClick(): void {
    this.callbacks.onValueZoom?.(null, null);
  }

  private buildCurves(wanted: number): void {
    const { table, places, map, value } = this.model!;
    const view: [number, number] = [map.forward(value[0]), map.forward(value[1])];
    const finite = Array.from(places.order.keys()).filter((k) => table.at(places.order[k]).n > 0);
    const count = Math.min(wanted, finite.length);
    this.curves = Array.from({ length: count }, (_, i) => {
      const place = finite[Math.round((i * (finite.length - 1)) / Math.max(1, count - 1))];
      const histogram = table.at(places.order[place]);
      const bins = displayBins(histogram, map, value);
      const { at, density } = densityCurve(bins, BANDWIDTH, view, CURVE_POINTS);
      this.at = at;
      const share = bins.constant ? spike(at, bins.edges[0]) : density;
      const scaled = share.map((height) => height / histogram.n);
      return { place, peak: maximum(scaled), density: scaled };
    });
    const highest = Math.max(...this.curves.map(({ peak }) => peak));
    for (const curve of this.curves) curve.peak /= highest || 1;
  }

  private xAxis(): ValueAxis {
    const { left, width } = this.frame.box;
    return new ValueAxis(this.model!.map, this.model!.value, left, width);
  }

  private amplitude(): number {
    return this.frame.box.height * AMPLITUDE;
  }

  /** Room above the first curve, so that no peak leaves the plot. */
  private headroom(): number {
    const { height } = this.frame.box;
    const last = Math.max(1, this.curves.length - 1);
    return this.curves.reduce((room, { peak }, rank) => {
      const share = rank / last;
      if (share >= 0.9) return room;
      return Math.max(room, (peak ** PRESS * this.amplitude() - height * share) / (1 - share));
    }, 0);
  }

  private baseline(rank: number): number {
    const { top, height } = this.frame.box;
    const room = this.headroom();
    return top + room + ((height - room) * rank) / Math.max(1, this.curves.length - 1);
  }

  private rankAt(x: number): number {
    const place = placeAt(this.model!, x);
    let rank = this.curves.length - 1;
    while (rank > 0 && this.curves[rank].place > place) rank--;
    return place < 0 ? -1 : rank;
  }

  private nearestRank(y: number): number {
    if (this.curves.length === 0) return -1;
    const first = this.baseline(0);
    const last = this.baseline(this.curves.length - 1);
    const share = last > first ? (y - first) / (last - first) : 1;
    const rank = Math.round(share * (this.curves.length - 1));
    return Math.min(this.curves.length - 1, Math.max(0, rank));
  }

  private paintGrid(context: CanvasRenderingContext2D): void {
    const { model, frame } = this;
    const { box } = frame;
    const axis = this.xAxis();
    const ticks = mappedTicks(model!.value[0], model!.value[1], box.width, model!.map, X_ROOM);
    context.fillStyle = theme().grid;
    for (const value of ticks.values) {
      context.fillRect(Math.round(axis.pixel(value)), box.top, 1, box.height);
    }
    drawXAxis(context, box, ticks, (value) => axis.pixel(value));
  }

  private paintCurve(
    context: CanvasRenderingContext2D,
    curve: Curve,
    rank: number,
    strong: boolean,
  ): void {
    const points = this.silhouette(curve, this.baseline(rank));
    if (points.length === 0) return;
    const share = rank / Math.max(1, this.curves.length - 1);
    const paper = rgbOf(theme().bg);
    const ink = rgbOf(this.model!.series.color);
    const base = this.baseline(rank);
    context.beginPath();
    context.moveTo(points[0][0], base);
    for (const [x, y] of points) context.lineTo(x, y);
    context.lineTo(points[points.length - 1][0], base);
    context.closePath();
    context.fillStyle = toCss(mix(paper, ink, strong ? 0.4 : 0.05 + 0.16 * share));
    context.fill();
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x, y);
    context.strokeStyle = strong
      ? colorOf(this.model!.series.color)
      : toCss(mix(paper, ink, 0.3 + 0.7 * share));
    context.lineWidth = strong || rank === this.curves.length - 1 ? 1.75 : 1;
    context.stroke();
  }

  /** Where the curve is above 0.6 % of its peak: no flat tails. */
  private silhouette({ density }: Curve, base: number): [number, number][] {
    const axis = this.xAxis();
    const highest = maximum(density);
    const scale = this.highest();
    const points: [number, number][] = [];
    for (let i = 0; i < density.length; i++) {
      if (!(density[i] > highest * SILHOUETTE)) continue;
      const y = base - (density[i] / scale) ** PRESS * this.amplitude();
      points.push([axis.pixelOfPosition(this.at[i]), y]);
    }
    return points;
  }

  private highest(): number {
    const curve = this.curves.find(({ peak }) => peak === 1);
    return curve ? maximum(curve.density) : 1;
  }

  /** Steps (or times) at the right, at the height of their curves. */
  private paintMoments(context: CanvasRenderingContext2D): void {
    const { model, frame } = this;
    if (this.curves.length === 0) return;
    const { places, axis } = model!;
    const first = places.position[this.curves[0].place];
    const last = places.position[this.curves[this.curves.length - 1].place];
    const { values, labels } = xTicks(axis, false, first, last, frame.box.height * 1.6);
    context.fillStyle = theme().ink3;
    context.font = theme().font;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    values.forEach((value, i) => {
      const y = this.baseline(this.rankAt(Math.max(first, value)));
      context.fillText(labels[i], frame.width - 2, Math.max(8, y));
    });
  }
}

function maximum(values: Float64Array): number {
  let highest = 0;
  for (const value of values) if (value > highest) highest = value;
  return highest;
}

/** A constant event: all of its mass at the nearest point. */
function spike(at: Float64Array, position: number): Float64Array {
  const step = (at[at.length - 1] - at[0]) / (at.length - 1);
  return at.map((place) => (Math.abs(place - position) <= step / 2 ? 1 : 0));
}
