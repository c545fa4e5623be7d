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
  Moment,
  Note,
} from '../../model/types';
import { drawXAxis, drawYAxis, labelColumn, mappedTicks, xShort, xTicks } from '../axes';
import { describeEvents } from '../describe';
import { Frame, type FrameOwner, type Point } from '../frame';
import { type Box, crosshair, dot, flag, pillBelow, pillLeft, type Span } from '../surface';
import { colorOf, theme } from '../theme';
import { ValueAxis } from '../valueAxis';
import {
  buildEvents,
  commonConstant,
  type EventModel,
  eventAt,
  eventNotes,
  eventX,
  outsideNote,
} from './eventModel';
import { paintConstant, paintNonFinite } from './heatMarks';
import { CELL_PIXELS, paintRaster, type Raster, rasterize } from './heatRaster';
import { densityAt, drawSections, type Section, sectionOf } from './marginCurve';

const TOP = 6;
const FLAGS = 16;
const BOTTOM = 22;
const MARGIN = 60;
const MARGIN_GAP = 8;
const RIGHT = 6;

export class HeatPanel implements Chart<HistogramSeries, HeatOptions>, FrameOwner {
  private readonly frame: Frame;
  private readonly sections = new Map<string, Section>();
  private options: HeatOptions | null = null;
  private model: EventModel | null = null;
  private raster: Raster | null = null;
  private moment: Moment | null = null;
  private pointer: Point | null = null;
  private notes: Note[] = [];
  private labels: Span[] = [];

  constructor(
    host: HTMLElement,
    private readonly callbacks: Callbacks = {},
  ) {
    this.frame = new Frame(host, this);
  }

  set(series: HistogramSeries, options: HeatOptions): void {
    this.options = options;
    this.model = buildEvents(series, options.x, options.value);
    this.sections.clear();
    const { step } = series.events;
    const steps = [step[0], step[step.length - 1]] as const;
    this.frame.label(describeEvents('Heatmap', series.label, step.length, ...steps));
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
    if (!this.model || !this.raster) return null;
    const { series, table, x, value, axis } = this.model;
    const { chosen, rebinned } = this.raster;
    return {
      kind: 'heatmap',
      label: series.label,
      axis,
      x,
      value,
      color: this.options!.color,
      scale: this.options!.value.scale,
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
    };
  }

  destroy(): void {
    this.frame.destroy();
  }

  paint(): void {
    const { model, options, frame } = this;
    if (!model || !options) return;
    const ticks = mappedTicks(model.value[0], model.value[1], frame.height - BOTTOM, model.map);
    frame.box = this.layout(ticks);
    this.callbacks.onLayout?.(frame.box.left, frame.box.width);
    this.raster = rasterize(model, frame.box);
    const { context } = frame.base;
    paintRaster(context, this.raster, frame.box, options.color);
    paintNonFinite(context, model.table, this.raster, frame.box);
    paintConstant(context, commonConstant(model), frame.box, this.yAxis());
    this.paintAxes(ticks);
    this.notes = this.makeNotes();
    this.callbacks.onNotes?.(this.notes);
    this.callbacks.onLegend?.(legendOf(this.raster, options.color));
  }

  paintOver(): void {
    const { model, frame } = this;
    if (!model || !this.options) return;
    this.paintPins();
    const current = this.currentEvent();
    if (this.options.margin) this.paintMargin(current);
    this.paintMoment();
    if (this.pointer && current >= 0) this.paintValue(current);
    frame.over.context.globalAlpha = 1;
  }

  onHover(point: Point | null): void {
    if (!this.model || (!point && !this.pointer)) return;
    this.pointer = point;
    this.moment = point ? { x: this.xAt(point.x), axis: this.model.axis, pinned: false } : null;
    this.frame.paintOver();
    this.callbacks.onMoment?.(this.moment);
    this.tellFacts();
  }

  onClick(point: Point): void {
    if (!this.model) return;
    const x = this.xAt(point.x);
    const event = eventAt(this.model, x);
    if (event < 0) return;
    this.callbacks.onPick?.(event);
    this.callbacks.onMoment?.({ x, axis: this.model.axis, pinned: true });
  }

  onDrag(from: Point, to: Point, along: 'x' | 'y'): void {
    if (along === 'x') {
      const ends = [this.xAt(from.x), this.xAt(to.x)].sort((a, b) => a - b);
      this.callbacks.onZoom?.(ends[0], ends[1]);
      return;
    }
    const y = this.yAxis();
    const ends = [y.value(from.y), y.value(to.y)].sort((a, b) => a - b);
    this.callbacks.onValueZoom?.(ends[0], ends[1]);
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

  private layout(ticks: Ticks): Box {
    const left = labelColumn(ticks.labels) + 4;
    const top = this.options!.pins.length > 0 ? TOP + FLAGS : TOP;
    const right = this.options!.margin ? MARGIN + MARGIN_GAP : RIGHT;
    const height = Math.floor((this.frame.height - top - BOTTOM) / CELL_PIXELS) * CELL_PIXELS;
    return {
      left,
      top,
      width: Math.max(1, this.frame.width - left - right),
      height: Math.max(CELL_PIXELS, height),
    };
  }

  private marginBox(): Box {
    const { left, top, width, height } = this.frame.box;
    return { left: left + width + MARGIN_GAP, top, width: MARGIN, height };
  }

  private xAt(pixel: number): number {
    const { left, width } = this.frame.box;
    const [x0, x1] = this.model!.x;
    return x0 + ((pixel - left) / width) * (x1 - x0);
  }

  private toX(x: number): number {
    const { left, width } = this.frame.box;
    const [x0, x1] = this.model!.x;
    return left + ((x - x0) / (x1 - x0)) * width;
  }

  private yAxis(): ValueAxis {
    const { map, value } = this.model!;
    const { top, height } = this.frame.box;
    return new ValueAxis(map, value, top + height, -height);
  }

  private paintAxes(ticks: Ticks): void {
    const { box, base } = this.frame;
    const { axis, x } = this.model!;
    const y = this.yAxis();
    drawYAxis(base.context, box, ticks, (value) => y.pixel(value), false);
    const labels = xTicks(axis, false, x[0], x[1], box.width);
    this.labels = drawXAxis(base.context, box, labels, (value) => this.toX(value));
    if (!this.options!.margin) return;
    const margin = this.marginBox();
    for (const value of ticks.values) {
      base.context.fillStyle = value === 0 ? theme().line2 : theme().grid;
      base.context.fillRect(margin.left, Math.round(y.pixel(value)), margin.width, 1);
    }
  }

  private makeNotes(): Note[] {
    const { rebinned, chosen } = this.raster!;
    let outside = 0;
    for (let k = 0; k < chosen.length; k++) outside += rebinned.below[k] + rebinned.above[k];
    const mass = outside + sum(rebinned.mass, 0, rebinned.mass.length);
    const notes = [...eventNotes(this.model!), ...outsideNote(outside, mass)];
    if (commonConstant(this.model!) !== null) notes.push({ text: 'constant', tone: 'plain' });
    return notes;
  }

  /** The hovered event's mean and spread in the header; without one the notes again. */
  private tellFacts(): void {
    const event = this.pointer ? this.currentEvent() : -1;
    if (event < 0) {
      this.callbacks.onNotes?.(this.notes);
      return;
    }
    const { mean, std } = statistics(this.model!.table.at(event));
    this.callbacks.onNotes?.([
      { text: `mean ${formatValue(mean)}`, tone: 'plain' },
      { text: `std ${formatValue(std)}`, tone: 'plain' },
    ]);
  }

  /** The event under the moment, else -1. */
  private currentEvent(): number {
    const { moment, model } = this;
    if (!moment || !model || moment.axis !== model.axis) return -1;
    return eventAt(model, moment.x);
  }

  private section(event: number, color: string): Section {
    const key = `${event} ${color}`;
    let section = this.sections.get(key);
    if (!section) {
      const { table, map, value } = this.model!;
      section = sectionOf(table.at(event), map, value, color);
      this.sections.set(key, section);
    }
    return section;
  }

  private paintMargin(current: number): void {
    const { model, options, frame } = this;
    const count = model!.table.length;
    if (count === 0) return;
    const box = this.marginBox();
    const pins = options!.pins.map((pin) => this.section(pin.index, pin.color));
    const last = model!.places.order[count - 1];
    const sections =
      current >= 0
        ? [this.section(current, model!.series.color)]
        : pins.length > 0
          ? pins
          : [this.section(last, '--ink3')];
    const y = this.yAxis();
    drawSections(frame.over.context, sections, box, (position) => y.pixelOfPosition(position));
    if (pins.length > 0 && current < 0) return;
    const { context } = frame.over;
    context.font = theme().font;
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.fillStyle = theme().ink3;
    const text = current >= 0 ? xShort(model!.axis, eventX(model!, current)) : 'last';
    context.fillText(text, box.left, box.top + box.height + 13);
  }

  private paintPins(): void {
    const { model, options, frame } = this;
    for (const pin of options!.pins) {
      const x = this.toX(eventX(model!, pin.index));
      const { box } = frame;
      if (!(x >= box.left - 1 && x <= box.left + box.width + 1)) continue;
      const { context } = frame.over;
      flag(context, pin.label, x, box.top - FLAGS - 4, pin.color);
      context.fillStyle = colorOf(pin.color);
      context.fillRect(Math.round(x), box.top - 4, 1, box.height + 4);
    }
  }

  private paintMoment(): void {
    const { moment, model, frame } = this;
    if (!moment || moment.axis !== model!.axis) return;
    const x = this.toX(moment.x);
    const { box } = frame;
    if (!(x >= box.left - 1 && x <= box.left + box.width + 1)) return;
    const { context } = frame.over;
    crosshair(context, x, box, true);
    const text = xShort(model!.axis, moment.x);
    const limit = box.left + box.width + RIGHT;
    pillBelow(context, text, x, box.top + box.height + 4, limit, this.labels);
  }

  /** The value under the pointer: a hairline across heatmap and margin, and the density there. */
  private paintValue(event: number): void {
    const { box, over } = this.frame;
    const { context } = over;
    const y = Math.round(this.pointer!.y);
    const wide = this.options!.margin ? box.width + MARGIN_GAP + MARGIN : box.width;
    context.globalAlpha = 0.9;
    context.fillStyle = theme().cross;
    context.fillRect(box.left, y, wide, 1);
    context.globalAlpha = 1;
    const value = this.yAxis().value(this.pointer!.y);
    pillLeft(context, formatValue(value, 3), box.left - 2, y);
    if (!this.options!.margin) return;
    const section = this.section(event, this.model!.series.color);
    if (!(section.peak > 0) || section.bins.constant) return;
    const height = densityAt(section, this.model!.map.forward(value));
    const margin = this.marginBox();
    const x = margin.left + (height / section.peak) * (margin.width - 4);
    dot(context, x, y + 0.5, this.model!.series.color);
  }
}

function legendOf({ rebinned }: Raster, color: HeatOptions['color']): Legend {
  if (color === 'event') return { from: '0', to: 'max', unit: 'of each event' };
  const unit = color === 'log' ? 'per cell, log' : 'per cell';
  return { from: color === 'log' ? '1' : '0', to: formatShort(rebinned.max, 2), unit };
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += values[i];
  return total;
}
