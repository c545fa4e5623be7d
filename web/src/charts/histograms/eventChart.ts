/** What all charts over events share: the axes as pixels, the moment, and what the pointer does. */

import type { Ticks } from '../../math/ticks';
import type {
  Callbacks,
  HistogramAxis,
  Moment,
  Pin,
  ValueOptions,
  Window,
  XKind,
} from '../../model/types';
import { labelColumn, mappedTicks, momentText } from '../axes';
import { describeEvents } from '../describe';
import { Frame, type FrameOwner, type Point } from '../frame';
import { type Box, crosshair, flag, pillBelow, type Span } from '../surface';
import { colorOf } from '../theme';
import { ValueAxis } from '../valueAxis';
import { type EventModel, eventAt, eventMoment, eventX } from './eventModel';

/** Right of the plot, for half of a label of x. */
export const RIGHT = 6;

export interface EventView {
  axis: XKind | HistogramAxis;
  x: [number, number];
}

export abstract class EventChart<View extends EventView> implements FrameOwner {
  protected readonly frame: Frame;
  protected moment: Moment | null = null;
  protected pointer: Point | null = null;
  /** Where on the x-axis the moment lies that the pointer is on: of several events at one step each
   * has a place of its own. */
  private place: number | null = null;
  /** Where the labels of x are drawn. */
  protected labels: Span[] = [];

  constructor(
    host: HTMLElement,
    protected view: View,
    protected readonly callbacks: Callbacks,
  ) {
    this.frame = new Frame(host, this);
  }

  abstract paint(): void;
  abstract paintOver(): void;

  resize(width: number, height: number): void {
    this.frame.resize(width, height);
  }

  showMoment(moment: Moment | null): void {
    this.moment = moment;
    this.place = null;
    this.frame.paintOver();
  }

  destroy(): void {
    this.frame.destroy();
  }

  onHover(point: Point | null): void {
    if (!point && !this.pointer) return;
    this.pointer = point;
    const found = point && this.momentAt(point);
    this.moment = found?.moment ?? null;
    this.place = found?.place ?? null;
    this.frame.paintOver();
    this.callbacks.onMoment?.(this.moment);
    this.tell(point);
  }

  /** What was logged under the pointer, and its place on the x-axis. */
  protected abstract momentAt(point: Point): { moment: Moment; place: number } | null;

  /** Where on the x-axis the moment is that is shown; null on another axis. */
  protected get momentPlace(): number | null {
    if (this.moment?.axis !== this.view.axis) return null;
    return this.place ?? this.moment.x;
  }

  /** What the chart says of the moment, for `window.lossboard.panels`. */
  protected shownMoment() {
    const { moment } = this;
    if (moment?.axis !== this.view.axis) return null;
    return { x: moment.x, text: momentText(this.view.axis, moment) };
  }

  /** Says what is under the pointer, or that it has left. */
  protected tell(_point: Point | null): void {}

  protected xAt(pixel: number): number {
    const { left, width } = this.frame.box;
    const [x0, x1] = this.view.x;
    return x0 + ((pixel - left) / width) * (x1 - x0);
  }

  protected toX(x: number): number {
    const { left, width } = this.frame.box;
    const [x0, x1] = this.view.x;
    return left + ((x - x0) / (x1 - x0)) * width;
  }

  protected isInPlot(pixel: number): boolean {
    const { left, width } = this.frame.box;
    return pixel >= left - 1 && pixel <= left + width + 1;
  }

  /** Where x of the moment is; null out of sight and on another axis. */
  protected momentPixel(): number | null {
    const place = this.momentPlace;
    if (place === null) return null;
    const pixel = this.toX(place);
    return this.isInPlot(pixel) ? pixel : null;
  }

  protected paintHairline(pixel: number, pinned: boolean): void {
    crosshair(this.frame.over.context, pixel, this.frame.box, pinned);
  }

  /** The moment's x on the axis. */
  protected paintPill(pixel: number): void {
    if (!this.moment) return;
    const { left, top, width, height } = this.frame.box;
    const text = momentText(this.view.axis, this.moment);
    const limit = left + width + RIGHT;
    pillBelow(this.frame.over.context, text, pixel, top + height + 4, limit, this.labels);
  }
}

interface ValueViewOptions {
  x: { kind: HistogramAxis; window?: Window };
  value: ValueOptions;
  margin?: boolean;
  pins?: Pin[];
}

const TOP = 6;
const BOTTOM = 22;
const FLAGS = 16;
/** Of the curve beside a heatmap. */
export const MARGIN = 60;
export const MARGIN_GAP = 8;

/** A chart of the values of one series of events: dragged along x or the value axis. */
export abstract class ValueChart<
  Options extends ValueViewOptions,
  View extends EventModel,
> extends EventChart<View> {
  constructor(
    host: HTMLElement,
    view: View,
    protected options: Options,
    callbacks: Callbacks,
  ) {
    super(host, view, callbacks);
  }

  onClick(point: Point): void {
    const event = eventAt(this.view, this.xAt(point.x));
    if (event < 0) return;
    this.callbacks.onPick?.(event);
    this.callbacks.onMoment?.({ ...eventMoment(this.view, event), pinned: true });
  }

  onDrag(from: Point, to: Point, along: 'x' | 'y'): void {
    if (along === 'x') {
      const [x0, x1] = ordered(this.xAt(from.x), this.xAt(to.x));
      this.callbacks.onZoom?.(x0, x1);
      return;
    }
    const axis = this.valueAxis();
    const [v0, v1] = ordered(axis.value(from.y), axis.value(to.y));
    this.callbacks.onValueZoom?.(v0, v1);
  }

  /** Resets the zoom; without one it asks for the full value range, or the default one. */
  onDoubleClick(): void {
    const { x, value } = this.options;
    const windows = [x.window, value.window];
    if (!windows.some((window) => window && (window.min !== null || window.max !== null))) {
      this.callbacks.onFull?.(!value.full);
      return;
    }
    this.callbacks.onZoom?.(null, null);
    this.callbacks.onValueZoom?.(null, null);
  }

  protected momentAt(point: Point): { moment: Moment; place: number } | null {
    const event = eventAt(this.view, this.xAt(point.x));
    if (event < 0) return null;
    return { moment: eventMoment(this.view, event), place: eventX(this.view, event) };
  }

  /** Ticks of the values along y, and the plot that all views over time share. */
  protected layOut(): { ticks: Ticks; box: Box } {
    const { view, options, frame } = this;
    const ticks = mappedTicks(view.value[0], view.value[1], frame.height - BOTTOM, view.map);
    const left = labelColumn(ticks.labels) + 4;
    const top = options.pins?.length ? TOP + FLAGS : TOP;
    const right = options.margin ? MARGIN + MARGIN_GAP : RIGHT;
    const box = {
      left,
      top,
      width: Math.max(1, frame.width - left - right),
      height: Math.max(1, frame.height - top - BOTTOM),
    };
    this.callbacks.onLayout?.(box.left, box.width);
    return { ticks, box };
  }

  /** Lines and flags of the events that are held. */
  protected paintPins(): void {
    const { context } = this.frame.over;
    const { box } = this.frame;
    for (const pin of this.options.pins ?? []) {
      const x = this.toX(eventX(this.view, pin.index));
      if (!this.isInPlot(x)) continue;
      flag(context, pin.label, x, box.top - FLAGS - 4, pin.color);
      context.fillStyle = colorOf(pin.color);
      context.fillRect(Math.round(x), box.top - 4, 1, box.height + 4);
    }
  }

  /** The pins with what was logged there, for `window.lossboard.panels`. */
  protected shownPins() {
    const { view, options } = this;
    return (options.pins ?? []).map(({ index, label }) => {
      const pixel = this.toX(eventX(view, index));
      return { label, pixel, text: momentText(view.axis, eventMoment(view, index)) };
    });
  }

  protected valueAxis(): ValueAxis {
    const { map, value } = this.view;
    const { top, height } = this.frame.box;
    return new ValueAxis(map, value, top + height, -height);
  }

  /** In words, for those who don't see it. */
  protected describe(kind: string): void {
    const { label, events } = this.view.series;
    const { step } = events;
    this.frame.label(describeEvents(kind, label, step.length, step[0], step[step.length - 1]));
  }
}

export const ordered = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a]);
