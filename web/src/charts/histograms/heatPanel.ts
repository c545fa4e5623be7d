/**
 * Histograms over time as a heatmap, with the cross-section of the hovered event at its right on
 * the same value axis. Every event's own bins are re-binned on the common axis by overlap.
 */

import { formatShort, formatValue } from '../../math/numbers';
import { statistics } from '../../math/percentiles';
import type { Ticks } from '../../math/ticks';
import type {
  Callbacks,
  Chart,
  HeatOptions,
  HistogramSeries,
  Legend,
  Note,
} from '../../model/types';
import { drawXAxis, drawYAxis, momentText, xTicks } from '../axes';
import type { Point } from '../frame';
import { type Box, dot, pillLeft } from '../surface';
import { theme } from '../theme';
import { MARGIN, MARGIN_GAP, ValueChart } from './eventChart';
import {
  buildEvents,
  commonConstant,
  type EventModel,
  eventAt,
  eventMoment,
  eventNotes,
  outsideNote,
} from './eventModel';
import { paintConstant, paintNonFinite } from './heatMarks';
import { CELL_PIXELS, paintRaster, type Raster, rasterize } from './heatRaster';
import { densityAt, drawSections, type Section, sectionOf } from './marginCurve';

export class HeatPanel
  extends ValueChart<HeatOptions, EventModel>
  implements Chart<HistogramSeries, HeatOptions>
{
  private readonly sections = new Map<string, Section>();
  private raster: Raster | null = null;
  private notes: Note[] = [];

  constructor(
    host: HTMLElement,
    series: HistogramSeries,
    options: HeatOptions,
    callbacks: Callbacks = {},
  ) {
    super(host, buildEvents(series, options.x, options.value), options, callbacks);
    this.describe('Heatmap');
    this.frame.paint();
  }

  set(series: HistogramSeries, options: HeatOptions): void {
    this.options = options;
    this.view = buildEvents(series, options.x, options.value);
    this.sections.clear();
    this.describe('Heatmap');
    this.frame.paint();
  }

  drawn() {
    if (!this.raster) return null;
    const { series, table, x, value, axis } = this.view;
    const { chosen, rebinned } = this.raster;
    return {
      kind: 'heatmap',
      label: series.label,
      axis,
      x,
      value,
      color: this.options.color,
      scale: this.options.value.scale,
      plot: { left: this.frame.box.left, right: this.frame.box.left + this.frame.box.width },
      events: table.length,
      columns: chosen.length,
      steps: Array.from(series.events.step),
      cells: rebinned.cells,
      max: rebinned.max,
      mass: chosen.map((event, k) => ({
        event,
        inside: sum(rebinned.mass, k * rebinned.cells, (k + 1) * rebinned.cells),
        below: rebinned.below[k],
        above: rebinned.above[k],
      })),
      notes: this.notes.map((note) => note.text),
      moment: this.shownMoment(),
      pins: this.shownPins(),
    };
  }

  paint(): void {
    const { view, options, frame } = this;
    const { ticks, box } = this.layOut();
    const high = Math.floor(box.height / CELL_PIXELS) * CELL_PIXELS;
    frame.box = { ...box, height: Math.max(CELL_PIXELS, high) };
    const raster = rasterize(view, frame.box);
    this.raster = raster;
    const { context } = frame.base;
    paintRaster(context, raster, frame.box, options.color);
    paintNonFinite(context, view.table, raster, frame.box);
    paintConstant(context, commonConstant(view), frame.box, this.valueAxis());
    this.paintAxes(ticks);
    this.notes = notesOf(view, raster);
    this.callbacks.onNotes?.(this.notes);
    this.callbacks.onLegend?.(legendOf(raster, options.color));
  }

  paintOver(): void {
    this.paintPins();
    const current = this.currentEvent();
    if (this.options.margin) this.paintMargin(current);
    this.paintMoment();
    if (this.pointer && current >= 0) this.paintValue(this.pointer, current);
    this.frame.over.context.globalAlpha = 1;
  }

  private marginBox(): Box {
    const { left, top, width, height } = this.frame.box;
    return { left: left + width + MARGIN_GAP, top, width: MARGIN, height };
  }

  private paintAxes(ticks: Ticks): void {
    const { box, base } = this.frame;
    const { axis, x } = this.view;
    const y = this.valueAxis();
    drawYAxis(base.context, box, ticks, (value) => y.pixel(value), false);
    const labels = xTicks(axis, false, x[0], x[1], box.width);
    this.labels = drawXAxis(base.context, box, labels, (value) => this.toX(value));
    if (!this.options.margin) return;
    const margin = this.marginBox();
    for (const value of ticks.values) {
      base.context.fillStyle = value === 0 ? theme().line2 : theme().grid;
      base.context.fillRect(margin.left, Math.round(y.pixel(value)), margin.width, 1);
    }
  }

  /** The hovered event's mean and spread in the header; without one the notes again. */
  protected override tell(point: Point | null): void {
    const event = point ? this.currentEvent() : -1;
    if (event < 0) {
      this.callbacks.onNotes?.(this.notes);
      return;
    }
    const { mean, std } = statistics(this.view.table.at(event));
    this.callbacks.onNotes?.([
      { text: `mean ${formatValue(mean)}`, tone: 'plain' },
      { text: `std ${formatValue(std)}`, tone: 'plain' },
    ]);
  }

  /** The event under the moment, else -1. */
  private currentEvent(): number {
    const place = this.momentPlace;
    return place === null ? -1 : eventAt(this.view, place);
  }

  private section(event: number, color: string): Section {
    const key = `${event} ${color}`;
    let section = this.sections.get(key);
    if (!section) {
      const { table, map, value } = this.view;
      section = sectionOf(table.at(event), map, value, color);
      this.sections.set(key, section);
    }
    return section;
  }

  private paintMargin(current: number): void {
    const { view, options, frame } = this;
    const count = view.table.length;
    if (count === 0) return;
    const box = this.marginBox();
    const pins = options.pins.map((pin) => this.section(pin.index, pin.color));
    const last = view.places.order[count - 1];
    const sections =
      current >= 0
        ? [this.section(current, view.series.color)]
        : pins.length > 0
          ? pins
          : [this.section(last, '--ink3')];
    const y = this.valueAxis();
    drawSections(frame.over.context, sections, box, (position) => y.pixelOfPosition(position));
    if (pins.length > 0 && current < 0) return;
    const { context } = frame.over;
    context.font = theme().font;
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.fillStyle = theme().ink3;
    const text = current >= 0 ? momentText(view.axis, eventMoment(view, current)) : 'last';
    context.fillText(text, box.left, box.top + box.height + 13);
  }

  private paintMoment(): void {
    const x = this.momentPixel();
    if (x === null) return;
    this.paintHairline(x, true);
    this.paintPill(x);
  }

  /** The value under the pointer: a hairline across heatmap and margin, and the density there. */
  private paintValue({ y: at }: Point, event: number): void {
    const { box, over } = this.frame;
    const { context } = over;
    const y = Math.round(at);
    const wide = this.options.margin ? box.width + MARGIN_GAP + MARGIN : box.width;
    context.globalAlpha = 0.9;
    context.fillStyle = theme().cross;
    context.fillRect(box.left, y, wide, 1);
    context.globalAlpha = 1;
    const value = this.valueAxis().value(at);
    pillLeft(context, formatValue(value, 3), box.left - 2, y);
    if (!this.options.margin) return;
    const section = this.section(event, this.view.series.color);
    if (!(section.peak > 0) || section.bins.constant) return;
    const height = densityAt(section, this.view.map.forward(value));
    const margin = this.marginBox();
    const x = margin.left + (height / section.peak) * (margin.width - 4);
    dot(context, x, y + 0.5, this.view.series.color);
  }
}

function notesOf(view: EventModel, { rebinned, chosen }: Raster): Note[] {
  let outside = 0;
  for (let k = 0; k < chosen.length; k++) outside += rebinned.below[k] + rebinned.above[k];
  const mass = outside + sum(rebinned.mass, 0, rebinned.mass.length);
  const notes = [...eventNotes(view), ...outsideNote(outside, mass)];
  if (commonConstant(view) !== null) notes.push({ text: 'constant', tone: 'plain' });
  return notes;
}

function legendOf({ rebinned }: Raster, color: HeatOptions['color']): Legend {
  if (color === 'event') return { from: '0', to: 'max', unit: 'of each event' };
  const unit = color === 'log' ? 'Values per cell (log scale)' : 'Values per cell';
  return { from: color === 'log' ? '1' : '0', to: formatShort(rebinned.max, 2), unit };
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += values[i];
  return total;
}
