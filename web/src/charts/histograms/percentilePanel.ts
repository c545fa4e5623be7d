/** Percentile bands of histograms over time: min to max, 5 to 95, 25 to 75 and the median. */

import { formatValue } from '../../math/numbers';
import { percentileBand } from '../../math/percentiles';
import type { Ticks } from '../../math/ticks';
import type {
  Callbacks,
  Chart,
  HistogramSeries,
  Moment,
  Note,
  PercentileOptions,
} from '../../model/types';
import { drawXAxis, drawYAxis, labelColumn, mappedTicks, xShort, xTicks } from '../axes';
import { describeEvents } from '../describe';
import { Frame, type FrameOwner, type Point } from '../frame';
import { clipped, crosshair, dot, hatch, pillBelow, type Span } from '../surface';
import { colorOf, fade } from '../theme';
import { ValueAxis } from '../valueAxis';
import { buildEvents, type EventModel, eventAt, eventNotes, eventX } from './eventModel';

const TOP = 6;
const RIGHT = 6;
const BOTTOM = 22;
const MEDIAN = 3;
/** Lower and upper percentile of a band, and its ink. */
const BANDS = [
  { low: 0, high: 6, alpha: 0.1 },
  { low: 1, high: 5, alpha: 0.22 },
  { low: 2, high: 4, alpha: 0.38 },
];

export class PercentilePanel implements Chart<HistogramSeries, PercentileOptions>, FrameOwner {
  private readonly frame: Frame;
  private options: PercentileOptions | null = null;
  private model: EventModel | null = null;
  /** One per event in the order of the axis. */
  private bands: number[][] = [];
  private notes: Note[] = [];
  private moment: Moment | null = null;
  private hovering = false;
  private labels: Span[] = [];

  constructor(
    host: HTMLElement,
    private readonly callbacks: Callbacks = {},
  ) {
    this.frame = new Frame(host, this);
  }

  set(series: HistogramSeries, options: PercentileOptions): void {
    this.options = options;
    const model = buildEvents(series, options.x, options.value);
    this.model = model;
    this.bands = Array.from(model.places.order, (i) => percentileBand(model.table.at(i)));
    this.notes = [...eventNotes(model), ...sourceNote(model)];
    const { step } = series.events;
    const steps = [step[0], step[step.length - 1]] as const;
    this.frame.label(describeEvents('Percentiles', series.label, step.length, ...steps));
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
    const { series, axis, x, value, places } = this.model;
    return {
      kind: 'percentiles',
      label: series.label,
      axis,
      x,
      value,
      positions: Array.from(places.position),
      bands: this.bands,
      notes: this.notes.map((note) => note.text),
    };
  }

  destroy(): void {
    this.frame.destroy();
  }

  paint(): void {
    const { model, frame } = this;
    if (!model) return;
    const ticks = mappedTicks(model.value[0], model.value[1], frame.height - BOTTOM, model.map);
    this.layout(ticks);
    const { context } = frame.base;
    const y = this.yAxis();
    drawYAxis(context, frame.box, ticks, (value) => y.pixel(value), true);
    clipped(context, frame.box, () => {
      for (const { low, high, alpha } of BANDS) this.paintBand(context, y, low, high, alpha);
      this.paintMedian(context, y);
      this.paintNonFinite(context);
    });
    const labels = xTicks(model.axis, false, model.x[0], model.x[1], frame.box.width);
    this.labels = drawXAxis(context, frame.box, labels, (value) => this.toX(value));
  }

  paintOver(): void {
    const { moment, model, frame } = this;
    if (!moment || !model || moment.axis !== model.axis) return;
    const x = this.toX(moment.x);
    const { box } = frame;
    if (!(x >= box.left - 1 && x <= box.left + box.width + 1)) return;
    const { context } = frame.over;
    crosshair(context, x, box, moment.pinned);
    const band = this.bandAt(moment.x);
    const y = this.yAxis();
    if (band && Number.isFinite(band[MEDIAN])) {
      dot(context, x, y.pixel(band[MEDIAN]), model.series.color);
    }
    const text = xShort(model.axis, moment.x);
    pillBelow(context, text, x, box.top + box.height + 4, frame.width, this.labels);
  }

  onHover(point: Point | null): void {
    const { model } = this;
    if (!model || (!point && !this.hovering)) return;
    this.hovering = point !== null;
    this.moment = point ? { x: this.xAt(point.x), axis: model.axis, pinned: false } : null;
    this.frame.paintOver();
    this.callbacks.onMoment?.(this.moment);
    const band = this.moment ? this.bandAt(this.moment.x) : null;
    this.callbacks.onNotes?.(band ? bandNotes(band) : this.notes);
  }

  onClick(point: Point): void {
    if (!this.model) return;
    const event = eventAt(this.model, this.xAt(point.x));
    if (event < 0) return;
    this.callbacks.onPick?.(event);
    const x = eventX(this.model, event);
    this.callbacks.onMoment?.({ x, axis: this.model.axis, pinned: true });
  }

  onDrag(from: Point, to: Point, along: 'x' | 'y'): void {
    const y = this.yAxis();
    const ends =
      along === 'x'
        ? [from.x, to.x].map((x) => this.xAt(x))
        : [from.y, to.y].map((p) => y.value(p));
    ends.sort((a, b) => a - b);
    if (along === 'x') this.callbacks.onZoom?.(ends[0], ends[1]);
    else this.callbacks.onValueZoom?.(ends[0], ends[1]);
  }

  onDoubleClick(): void {
    const { x, value } = this.options!;
    const zoomed = [x.window, value.window].some(({ min, max }) => min !== null || max !== null);
    if (!zoomed) {
      this.callbacks.onFull?.(!value.full);
      return;
    }
    this.callbacks.onZoom?.(null, null);
    this.callbacks.onValueZoom?.(null, null);
  }

  private layout(ticks: Ticks): void {
    const left = labelColumn(ticks.labels) + 4;
    const { width, height } = this.frame;
    this.frame.box = {
      left,
      top: TOP,
      width: Math.max(1, width - left - RIGHT),
      height: Math.max(1, height - TOP - BOTTOM),
    };
  }

  private yAxis(): ValueAxis {
    const { map, value } = this.model!;
    const { top, height } = this.frame.box;
    return new ValueAxis(map, value, top + height, -height);
  }

  private toX(x: number): number {
    const { left, width } = this.frame.box;
    const [x0, x1] = this.model!.x;
    return left + ((x - x0) / (x1 - x0)) * width;
  }

  private xAt(pixel: number): number {
    const { left, width } = this.frame.box;
    const [x0, x1] = this.model!.x;
    return x0 + ((pixel - left) / width) * (x1 - x0);
  }

  private bandAt(x: number): number[] | null {
    const event = eventAt(this.model!, x);
    return event < 0 ? null : this.bands[this.model!.places.order.indexOf(event)];
  }

  /** Events hold until the next one: every band is a row of steps. */
  private paintBand(
    context: CanvasRenderingContext2D,
    y: ValueAxis,
    low: number,
    high: number,
    alpha: number,
  ): void {
    const { position } = this.model!.places;
    context.fillStyle = fade(this.model!.series.color, alpha);
    context.beginPath();
    this.bands.forEach((band, k) => {
      if (!Number.isFinite(band[MEDIAN])) return;
      const from = this.toX(position[k]);
      const top = y.pixel(band[high]);
      context.rect(
        from,
        top,
        this.toX(position[k + 1]) - from,
        Math.max(1, y.pixel(band[low]) - top),
      );
    });
    context.fill();
  }

  private paintMedian(context: CanvasRenderingContext2D, y: ValueAxis): void {
    const { position } = this.model!.places;
    context.strokeStyle = colorOf(this.model!.series.color);
    context.lineWidth = 1.5;
    context.beginPath();
    let open = false;
    this.bands.forEach((band, k) => {
      const middle = y.pixel(band[MEDIAN]);
      if (!Number.isFinite(middle)) {
        open = false;
        return;
      }
      const x = this.toX((position[k] + position[k + 1]) / 2);
      if (open) context.lineTo(x, middle);
      else context.moveTo(x, middle);
      open = true;
    });
    context.stroke();
  }

  private paintNonFinite(context: CanvasRenderingContext2D): void {
    const { places, table } = this.model!;
    places.order.forEach((i, k) => {
      const { n, nan, posInf, negInf } = table.at(i);
      if (nan + posInf + negInf === 0) return;
      const left = this.toX(places.position[k]);
      const width = Math.max(1.5, this.toX(places.position[k + 1]) - left);
      const { top, height } = this.frame.box;
      hatch(context, { left, top, width, height: n > 0 ? 4 : height });
    });
  }
}

function sourceNote({ table }: EventModel): Note[] {
  const some = table.length > 0;
  const recorded = Array.from({ length: table.length }, (_, i) => table.at(i)).every(
    (h) => h.magnitude !== null || !(h.n > 0),
  );
  return some && !recorded ? [{ text: 'percentiles from bins', tone: 'plain' }] : [];
}

function bandNotes(band: number[]): Note[] {
  const [, p5, , median, , p95] = band.map((value) => formatValue(value, 3));
  return [
    { text: `median ${median}`, tone: 'plain' },
    { text: `5–95 % ${p5} to ${p95}`, tone: 'plain' },
  ];
}
