/** Percentile bands of histograms over time: min to max, 5 to 95, 25 to 75 and the median. */

import { formatValue } from '../../math/numbers';
import { percentileBand } from '../../math/percentiles';
import type { Callbacks, Chart, HistogramSeries, Note, PercentileOptions } from '../../model/types';
import { drawXAxis, drawYAxis, xTicks } from '../axes';
import { clipped, dot, hatch } from '../surface';
import { colorOf, fade } from '../theme';
import type { ValueAxis } from '../valueAxis';
import { ValueChart } from './eventChart';
import { buildEvents, type EventModel, eventAt, eventNotes } from './eventModel';

const MEDIAN = 3;
/** Lower and upper percentile of a band, and its ink. */
const BANDS = [
  { low: 0, high: 6, alpha: 0.1 },
  { low: 1, high: 5, alpha: 0.22 },
  { low: 2, high: 4, alpha: 0.38 },
];

interface PercentileView extends EventModel {
  /** One per event in the order of the axis. */
  bands: number[][];
  notes: Note[];
}

function buildView(series: HistogramSeries, options: PercentileOptions): PercentileView {
  const model = buildEvents(series, options.x, options.value);
  const bands = Array.from(model.places.order, (i) => percentileBand(model.table.at(i)));
  return { ...model, bands, notes: [...eventNotes(model), ...sourceNote(model)] };
}

export class PercentilePanel
  extends ValueChart<PercentileOptions, PercentileView>
  implements Chart<HistogramSeries, PercentileOptions>
{
  constructor(
    host: HTMLElement,
    series: HistogramSeries,
    options: PercentileOptions,
    callbacks: Callbacks = {},
  ) {
    super(host, buildView(series, options), options, callbacks);
    this.show();
  }

  set(series: HistogramSeries, options: PercentileOptions): void {
    this.options = options;
    this.view = buildView(series, options);
    this.show();
  }

  private show(): void {
    this.describe('Percentiles');
    this.callbacks.onNotes?.(this.view.notes);
    this.frame.paint();
  }

  drawn() {
    const { series, axis, x, value, places, bands, notes } = this.view;
    return {
      kind: 'percentiles',
      label: series.label,
      axis,
      x,
      value,
      positions: Array.from(places.position),
      bands,
      notes: notes.map((note) => note.text),
      moment: this.shownMoment(),
      pins: this.shownPins(),
      plot: { left: this.frame.box.left, right: this.frame.box.left + this.frame.box.width },
    };
  }

  paint(): void {
    const { view, frame } = this;
    const { ticks, box } = this.layOut();
    frame.box = box;
    const { context } = frame.base;
    const y = this.valueAxis();
    drawYAxis(context, frame.box, ticks, (value) => y.pixel(value), true);
    clipped(context, frame.box, () => {
      for (const { low, high, alpha } of BANDS) this.paintBand(context, y, low, high, alpha);
      this.paintMedian(context, y);
      this.paintNonFinite(context);
    });
    const labels = xTicks(view.axis, false, view.x[0], view.x[1], frame.box.width);
    this.labels = drawXAxis(context, frame.box, labels, (value) => this.toX(value));
  }

  paintOver(): void {
    this.paintPins();
    const { moment, view, frame } = this;
    const x = this.momentPixel();
    if (!moment || x === null) return;
    this.paintHairline(x, moment.pinned);
    const band = this.bandAt(this.momentPlace!);
    if (band && Number.isFinite(band[MEDIAN])) {
      const y = this.valueAxis().pixel(band[MEDIAN]);
      dot(frame.over.context, x, y, view.series.color);
    }
    this.paintPill(x);
  }

  protected override tell(): void {
    const place = this.momentPlace;
    const band = place === null ? null : this.bandAt(place);
    this.callbacks.onNotes?.(band ? bandNotes(band) : this.view.notes);
  }

  private bandAt(x: number): number[] | null {
    const event = eventAt(this.view, x);
    return event < 0 ? null : this.view.bands[this.view.places.order.indexOf(event)];
  }

  /** Events hold until the next one: every band is a row of steps. */
  private paintBand(
    context: CanvasRenderingContext2D,
    y: ValueAxis,
    low: number,
    high: number,
    alpha: number,
  ): void {
    const { position } = this.view.places;
    context.fillStyle = fade(this.view.series.color, alpha);
    context.beginPath();
    this.view.bands.forEach((band, k) => {
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
    const { position } = this.view.places;
    context.strokeStyle = colorOf(this.view.series.color);
    context.lineWidth = 1.5;
    context.beginPath();
    let open = false;
    this.view.bands.forEach((band, k) => {
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
    const { places, table } = this.view;
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
