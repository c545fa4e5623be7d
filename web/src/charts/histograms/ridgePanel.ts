/** Densities of about 44 events as overlaid silhouettes: old at the back and pale, new in front. */

import { mix, toCss } from '../../math/color';
import { densityCurve, displayBins } from '../../math/display';
import { formatCount } from '../../math/numbers';
import type { ValueMap } from '../../math/scale';
import type {
  Callbacks,
  Chart,
  Histogram,
  HistogramSeries,
  Moment,
  Note,
  RidgeOptions,
} from '../../model/types';
import { drawXAxis, mappedTicks, momentText, xTicks } from '../axes';
import type { Point } from '../frame';
import { flag, pillLeft } from '../surface';
import { colorOf, rgbOf, theme } from '../theme';
import { ValueAxis } from '../valueAxis';
import { ordered, ValueChart } from './eventChart';
import {
  buildEvents,
  type EventModel,
  eventMoment,
  eventNotes,
  eventX,
  placeAt,
} from './eventModel';

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
const ATOM_HEIGHT = 0.5;
const X_ROOM = 80;

interface Curve {
  place: number;
  /** Highest of this curve, 0..1 of the highest of all. */
  peak: number;
  density: Float64Array;
  /** All of it lies on less than a pixel: its place on the scale, and how many values it has. */
  atom: { at: number; count: number } | null;
}

interface RidgeView extends EventModel {
  curves: Curve[];
  /** Where the densities are, as positions of the scale. */
  at: Float64Array;
  notes: Note[];
}

function buildView(series: HistogramSeries, options: RidgeOptions): RidgeView {
  const window = { min: null, max: null };
  const model = buildEvents(series, { kind: options.x.kind, window }, options.value);
  const curves = buildCurves(model, options.curves ?? CURVES);
  const total = model.table.length;
  const text = `${curves.curves.length} of ${total} histograms`;
  const shown: Note[] = total > curves.curves.length ? [{ text, tone: 'plain' }] : [];
  return { ...model, ...curves, notes: [...eventNotes(model), ...shown] };
}

function buildCurves(model: EventModel, wanted: number): Pick<RidgeView, 'curves' | 'at'> {
  const { table, places, map, value } = model;
  const view: [number, number] = [map.forward(value[0]), map.forward(value[1])];
  const finite = Array.from(places.order.keys()).filter((k) => table.at(places.order[k]).n > 0);
  const count = Math.min(wanted, finite.length);
  let grid: Float64Array = new Float64Array(0);
  const curves = Array.from({ length: count }, (_, i) => {
    const place = finite[Math.round((i * (finite.length - 1)) / Math.max(1, count - 1))];
    const histogram = table.at(places.order[place]);
    const bins = displayBins(histogram, map, value);
    const { at, density } = densityCurve(bins, BANDWIDTH, view, CURVE_POINTS);
    grid = at;
    const scaled = density.map((height) => height / histogram.n);
    const atom = atomOf(histogram, map, view);
    return { place, peak: atom ? 0 : maximum(scaled), density: scaled, atom };
  });
  const highest = Math.max(...curves.map(({ peak }) => peak));
  for (const curve of curves) curve.peak = curve.atom ? 1 : curve.peak / (highest || 1);
  return { curves, at: grid };
}

/** A distribution that is narrower than a point of the curves. */
function atomOf(h: Histogram, map: ValueMap, [from, to]: [number, number]): Curve['atom'] {
  const [lo, hi] = [map.forward(h.lo), map.forward(h.hi)];
  if (hi - lo > (to - from) / CURVE_POINTS) return null;
  return { at: (lo + hi) / 2, count: h.n };
}

export class RidgePanel
  extends ValueChart<RidgeOptions, RidgeView>
  implements Chart<HistogramSeries, RidgeOptions>
{
  constructor(
    host: HTMLElement,
    series: HistogramSeries,
    options: RidgeOptions,
    callbacks: Callbacks = {},
  ) {
    super(host, buildView(series, options), options, callbacks);
    this.show();
  }

  set(series: HistogramSeries, options: RidgeOptions): void {
    this.options = options;
    this.view = buildView(series, options);
    this.show();
  }

  private show(): void {
    this.describe('Ridgeline');
    this.callbacks.onNotes?.(this.view.notes);
    this.frame.paint();
  }

  drawn() {
    const { series, axis, value, places, table, curves, notes } = this.view;
    return {
      kind: 'ridgeline',
      label: series.label,
      axis,
      value,
      events: table.length,
      curves: curves.map(({ place, density, atom }) => ({
        event: places.order[place],
        x: places.position[place],
        density: Array.from(density),
        atom: atom && { value: this.view.map.inverse(atom.at), count: atom.count },
      })),
      moment: this.shownMoment(),
      pins: this.shownPins().map(({ label, text }) => ({ label, text })),
      notes: notes.map((note) => note.text),
    };
  }

  paint(): void {
    const { frame } = this;
    this.layOut(); // says where the slider below is, as in the other views
    frame.box = {
      left: LEFT,
      top: TOP,
      width: Math.max(1, frame.width - LEFT - RIGHT),
      height: Math.max(1, frame.height - TOP - BOTTOM),
    };
    const { context } = frame.base;
    this.paintGrid(context);
    const ranked = [...this.view.curves.entries()];
    // no silhouette covers a line of one value
    const ordered = [...ranked.filter(([, c]) => !c.atom), ...ranked.filter(([, c]) => c.atom)];
    for (const [rank, curve] of ordered) this.paintCurve(context, curve, rank, false);
    this.paintMoments(context);
  }

  /** The held events are drawn over the others, each with its flag at the right. */
  protected override paintPins(): void {
    const { context } = this.frame.over;
    for (const { index, label, color } of this.options.pins ?? []) {
      const rank = this.rankAt(eventX(this.view, index));
      if (rank < 0) continue;
      this.paintCurve(context, this.view.curves[rank], rank, true);
      flag(context, label, this.frame.width - RIGHT + 6, this.baseline(rank) - 16, color);
    }
  }

  paintOver(): void {
    this.paintPins();
    const { view, frame } = this;
    const place = this.momentPlace;
    const rank = place === null ? -1 : this.rankAt(place);
    if (rank < 0) return;
    const { context } = frame.over;
    this.paintCurve(context, this.view.curves[rank], rank, true);
    const event = view.places.order[view.curves[rank].place];
    const text = momentText(view.axis, eventMoment(view, event));
    pillLeft(context, text, frame.width, this.baseline(rank));
  }

  /** The moment of the nearest curve. */
  protected override momentAt({ y }: Point): { moment: Moment; place: number } | null {
    const { curves, places } = this.view;
    const rank = this.nearestRank(y);
    if (rank < 0) return null;
    const { place } = curves[rank];
    return {
      moment: eventMoment(this.view, places.order[place]),
      place: places.position[place],
    };
  }

  override onClick(point: Point): void {
    const rank = this.nearestRank(point.y);
    if (rank >= 0) this.callbacks.onPick?.(this.view.places.order[this.view.curves[rank].place]);
  }

  /** Values lie along x; events can't be zoomed into. */
  override onDrag(from: Point, to: Point, along: 'x' | 'y'): void {
    if (along !== 'x') return;
    const axis = this.valueAxis();
    const [v0, v1] = ordered(axis.value(from.x), axis.value(to.x));
    this.callbacks.onValueZoom?.(v0, v1);
  }

  override onDoubleClick(): void {
    this.callbacks.onValueZoom?.(null, null);
  }

  protected override valueAxis(): ValueAxis {
    const { left, width } = this.frame.box;
    return new ValueAxis(this.view.map, this.view.value, left, width);
  }

  private amplitude(): number {
    return this.frame.box.height * AMPLITUDE;
  }

  /** Room above the first curve, so that no peak leaves the plot. */
  private headroom(): number {
    const { height } = this.frame.box;
    const last = Math.max(1, this.view.curves.length - 1);
    return this.view.curves.reduce((room, { peak }, rank) => {
      const share = rank / last;
      if (share >= 0.9) return room;
      return Math.max(room, (peak ** PRESS * this.amplitude() - height * share) / (1 - share));
    }, 0);
  }

  private baseline(rank: number): number {
    const { top, height } = this.frame.box;
    const room = this.headroom();
    return top + room + ((height - room) * rank) / Math.max(1, this.view.curves.length - 1);
  }

  private rankAt(x: number): number {
    const place = placeAt(this.view, x);
    let rank = this.view.curves.length - 1;
    while (rank > 0 && this.view.curves[rank].place > place) rank--;
    return place < 0 ? -1 : rank;
  }

  private nearestRank(y: number): number {
    if (this.view.curves.length === 0) return -1;
    const first = this.baseline(0);
    const last = this.baseline(this.view.curves.length - 1);
    const share = last > first ? (y - first) / (last - first) : 1;
    const rank = Math.round(share * (this.view.curves.length - 1));
    return Math.min(this.view.curves.length - 1, Math.max(0, rank));
  }

  private paintGrid(context: CanvasRenderingContext2D): void {
    const { view, frame } = this;
    const { box } = frame;
    const axis = this.valueAxis();
    const ticks = mappedTicks(view.value[0], view.value[1], box.width, view.map, X_ROOM);
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
    if (curve.atom) this.paintAtom(context, curve.atom, rank, strong);
    else this.paintSilhouette(context, curve, rank, strong);
  }

  /** All values are one, or as good as one: a line of full height, with how many they are. */
  private paintAtom(
    context: CanvasRenderingContext2D,
    { at, count }: NonNullable<Curve['atom']>,
    rank: number,
    strong: boolean,
  ): void {
    const base = this.baseline(rank);
    const x = Math.round(this.valueAxis().pixelOfPosition(at));
    const high = this.amplitude() * ATOM_HEIGHT;
    context.fillStyle = strong ? colorOf(this.view.series.color) : this.inkOf(rank);
    context.fillRect(x - 1, base - high, 2, high);
    const last = this.view.curves.length - 1;
    if (!strong && rank !== last) return;
    context.font = theme().font;
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.fillStyle = theme().ink2;
    context.fillText(formatCount(count), x + 5, base - high + 5);
  }

  /** Old curves are pale. */
  private inkOf(rank: number): string {
    const share = rank / Math.max(1, this.view.curves.length - 1);
    return toCss(mix(rgbOf(theme().bg), rgbOf(this.view.series.color), 0.3 + 0.7 * share));
  }

  private paintSilhouette(
    context: CanvasRenderingContext2D,
    curve: Curve,
    rank: number,
    strong: boolean,
  ): void {
    const points = this.silhouette(curve, this.baseline(rank));
    if (points.length === 0) return;
    const share = rank / Math.max(1, this.view.curves.length - 1);
    const paper = rgbOf(theme().bg);
    const ink = rgbOf(this.view.series.color);
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
      ? colorOf(this.view.series.color)
      : toCss(mix(paper, ink, 0.3 + 0.7 * share));
    context.lineWidth = strong || rank === this.view.curves.length - 1 ? 1.75 : 1;
    context.stroke();
  }

  /** Where the curve is above 0.6 % of its peak: no flat tails. */
  private silhouette({ density }: Curve, base: number): [number, number][] {
    const axis = this.valueAxis();
    const highest = maximum(density);
    const scale = this.highest();
    const points: [number, number][] = [];
    for (let i = 0; i < density.length; i++) {
      if (!(density[i] > highest * SILHOUETTE)) continue;
      const y = base - (density[i] / scale) ** PRESS * this.amplitude();
      points.push([axis.pixelOfPosition(this.view.at[i]), y]);
    }
    return points;
  }

  private highest(): number {
    const curve = this.view.curves.find(({ peak, atom }) => peak === 1 && !atom);
    return curve ? maximum(curve.density) : 1;
  }

  /** Steps (or times) at the right, at the height of their curves. */
  private paintMoments(context: CanvasRenderingContext2D): void {
    const { view, frame } = this;
    if (this.view.curves.length === 0) return;
    const { places, axis } = view;
    const first = places.position[this.view.curves[0].place];
    const last = places.position[this.view.curves[this.view.curves.length - 1].place];
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
