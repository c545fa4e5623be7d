/** One event as bars, kernel density or both; several of them over each other. */

import { massBetween } from '../../math/display';
import { counted, formatCount, formatShare, formatValue } from '../../math/numbers';
import { lastAtOrBefore } from '../../math/search';
import type { Ticks } from '../../math/ticks';
import { valueTicks } from '../../math/ticks';
import type {
  AxisTitles,
  Callbacks,
  Chart,
  Moment,
  StepOptions,
  StepOverlay,
} from '../../model/types';
import { drawTitles, drawXAxis, drawYAxis, labelColumn, mappedTicks, titleRoom } from '../axes';
import { Frame, type FrameOwner, type Point } from '../frame';
import { clipped, crosshair, dot, hatch, pillBelow, type Span } from '../surface';
import { colorOf, fade, theme } from '../theme';
import { type TooltipContent, tooltip } from '../tooltip';
import { buildStep, type StepItem, type StepModel } from './stepModel';

const TOP = 8;
const RIGHT = 8;
const BOTTOM = 22;
const Y_ROOM = 36;
const X_ROOM = 88;

export class StepPanel implements Chart<StepOverlay[], StepOptions>, FrameOwner {
  private readonly frame: Frame;
  private model: StepModel;
  private pointer: Point | null = null;
  private labels: Span[] = [];

  constructor(
    host: HTMLElement,
    overlays: StepOverlay[],
    private options: StepOptions,
    private readonly callbacks: Callbacks = {},
  ) {
    this.frame = new Frame(host, this);
    this.model = buildStep(overlays, options);
    this.show();
  }

  set(overlays: StepOverlay[], options: StepOptions): void {
    this.options = options;
    this.model = buildStep(overlays, options);
    this.show();
  }

  /** Draws at once: it follows a slider. */
  private show(): void {
    this.frame.label(describe(this.model));
    this.callbacks.onNotes?.(this.model.notes);
    this.frame.paintNow();
  }

  resize(width: number, height: number): void {
    this.frame.resize(width, height);
  }

  /** A single step has no time axis: the shell shows another event with `set`. */
  showMoment(_moment: Moment | null): void {}

  drawn() {
    const { items, x, yMax, density, notes } = this.model;
    return {
      kind: 'step',
      x,
      yMax,
      density,
      titles: this.titles,
      notes: notes.map((note) => note.text),
      overlays: items.map((item) => ({
        id: item.overlay.id,
        label: item.overlay.label,
        step: item.overlay.histogram.step,
        ordinal: item.overlay.histogram.ordinal,
        edges: Array.from(item.bins.edges),
        counts: Array.from(item.bins.counts),
        bars: Array.from(item.bars),
        kde: { at: Array.from(item.curve.at), heights: Array.from(item.heights) },
        bandwidth: item.curve.bandwidth,
        source: item.bins.source,
        statistics: item.statistics,
      })),
    };
  }

  destroy(): void {
    tooltip().hide(this);
    this.frame.destroy();
  }

  paint(): void {
    const { model, frame } = this;
    const ticks = valueTicks(
      0,
      model.yMax,
      Math.max(2, Math.floor((frame.height - BOTTOM) / Y_ROOM)),
    );
    this.layout(ticks);
    const { context } = frame.base;
    drawYAxis(context, frame.box, ticks, (value) => this.toY(value), true);
    drawTitles(context, frame.box, this.titles);
    clipped(context, frame.box, () => this.paintItems(context));
    const wide = mappedTicks(model.x[0], model.x[1], frame.box.width, model.map, X_ROOM);
    const place = (value: number) => this.toX(model.map.forward(value));
    this.labels = drawXAxis(context, frame.box, wide, place);
  }

  paintOver(): void {
    const { pointer, model, frame } = this;
    if (!pointer) return;
    const { context } = frame.over;
    crosshair(context, pointer.x, frame.box, false);
    for (const item of model.items) this.paintPoint(context, item, pointer.x);
    const value = this.valueAt(pointer.x);
    const { top, height } = frame.box;
    pillBelow(
      context,
      formatValue(value, 3),
      pointer.x,
      top + height + 4,
      frame.width,
      this.labels,
    );
  }

  onHover(point: Point | null): void {
    if (!point && !this.pointer) return;
    this.pointer = point;
    this.frame.paintOver();
    if (!point) {
      tooltip().hide(this);
      return;
    }
    const bounds = this.frame.root.getBoundingClientRect();
    const { box } = this.frame;
    tooltip().show(this, this.content(point), {
      x: bounds.left + point.x,
      dataTop: bounds.top + box.top,
      plotLeft: bounds.left + box.left,
      plotRight: bounds.left + box.left + box.width,
      bottom: bounds.bottom,
    });
  }

  onDrag(from: Point, to: Point): void {
    const ends = [this.valueAt(from.x), this.valueAt(to.x)].sort((a, b) => a - b);
    this.callbacks.onValueZoom?.(ends[0], ends[1]);
  }

  onDoubleClick(): void {
    this.callbacks.onValueZoom?.(null, null);
  }

  /** The axis of y says what it counts, unless the chart has titles of its own. */
  private get titles(): AxisTitles {
    return this.options.titles ?? { x: '', y: this.model.density ? 'density' : 'count' };
  }

  private layout(ticks: Ticks): void {
    const left = labelColumn(ticks.labels);
    const { width, height } = this.frame;
    const room = titleRoom(this.titles);
    const top = TOP + room.top;
    this.frame.box = {
      left,
      top,
      width: Math.max(1, width - left - RIGHT),
      height: Math.max(1, height - top - BOTTOM - room.bottom),
    };
  }

  /** Pixel of a position on the (mapped) value axis. */
  private toX(position: number): number {
    const { map, x } = this.model;
    const { left, width } = this.frame.box;
    const lo = map.forward(x[0]);
    return left + (width * (position - lo)) / (map.forward(x[1]) - lo);
  }

  private toY(height: number): number {
    const { box } = this.frame;
    return box.top + box.height * (1 - height / this.model.yMax);
  }

  private positionAt(pixel: number): number {
    const { map, x } = this.model;
    const { left, width } = this.frame.box;
    const lo = map.forward(x[0]);
    return lo + ((pixel - left) / width) * (map.forward(x[1]) - lo);
  }

  private valueAt(pixel: number): number {
    return this.model.map.inverse(this.positionAt(pixel));
  }

  private paintItems(context: CanvasRenderingContext2D): void {
    const { items } = this.model;
    const { draw } = this.options;
    const ordered = [...items].sort((a, b) => rank(a) - rank(b));
    const alone = draw === 'bars' ? 0.5 : theme().dark ? 0.34 : 0.24;
    if (draw !== 'kde') for (const item of ordered) this.paintBars(context, item, alone);
    for (const item of ordered) {
      if (item.bins.constant) this.paintConstant(context, item);
      else if (!(item.overlay.histogram.n > 0)) this.paintNonFinite(context, item);
      else if (draw !== 'bars') this.paintCurve(context, item);
    }
  }

  private paintBars(context: CanvasRenderingContext2D, item: StepItem, alpha: number): void {
    const { edges } = item.bins;
    const bottom = this.toY(0);
    context.fillStyle = fade(inkOf(item), alpha);
    for (let i = 0; i < item.bars.length; i++) {
      if (!(item.bars[i] > 0)) continue;
      const from = this.toX(edges[i]);
      const wide = this.toX(edges[i + 1]) - from;
      const gap = wide > 4 ? 1 : wide > 2.2 ? 0.5 : 0;
      const top = this.toY(item.bars[i]);
      context.fillRect(from, top, Math.max(0.6, wide - gap), bottom - top);
    }
  }

  private paintCurve(context: CanvasRenderingContext2D, item: StepItem): void {
    context.strokeStyle = colorOf(inkOf(item));
    context.lineWidth = item.overlay.reference ? 1.25 : 1.75;
    context.lineJoin = 'round';
    context.beginPath();
    for (let i = 0; i < item.heights.length; i++) {
      context.lineTo(this.toX(item.curve.at[i]), this.toY(item.heights[i]));
    }
    context.stroke();
  }

  /** One value only: a line as high as its count, of full height where there are densities. */
  private paintConstant(context: CanvasRenderingContext2D, item: StepItem): void {
    const { top, height } = this.frame.box;
    const from = item.bars[0] > 0 ? this.toY(item.bars[0]) : top;
    context.fillStyle = colorOf(inkOf(item));
    context.fillRect(Math.round(this.toX(item.bins.edges[0])) - 1, from, 2, top + height - from);
  }

  private paintNonFinite(context: CanvasRenderingContext2D, item: StepItem): void {
    const { nan, posInf, negInf } = item.overlay.histogram;
    if (nan + posInf + negInf > 0) hatch(context, this.frame.box);
  }

  private paintPoint(context: CanvasRenderingContext2D, item: StepItem, pixel: number): void {
    if (this.options.draw === 'bars' || !(item.curve.bandwidth > 0)) return;
    const height = item.heights[this.curveIndex(item, pixel)];
    dot(context, pixel, this.toY(height), inkOf(item));
  }

  private curveIndex({ curve }: StepItem, pixel: number): number {
    const { at } = curve;
    const step = (at[at.length - 1] - at[0]) / (at.length - 1);
    const i = Math.round((this.positionAt(pixel) - at[0]) / step);
    return Math.min(at.length - 1, Math.max(0, i));
  }

  /** Mass of every overlay in the bin under the pointer (of the first that has one). */
  private content(point: Point): TooltipContent {
    const { items, map } = this.model;
    const position = this.positionAt(point.x);
    const range = items.map((item) => binAt(item, position)).find((found) => found !== null);
    const [from, to] = (range ?? [position, position]).map(map.inverse);
    const title = range ? `${formatValue(from, 3)} to ${formatValue(to, 3)}` : formatValue(from, 3);
    return {
      title,
      heads: ['count', 'share'],
      rows: items.map(({ overlay }) => {
        const count = range ? massBetween(overlay.histogram, from, to) : 0;
        const share = overlay.histogram.n > 0 ? count / overlay.histogram.n : 0;
        return {
          color: overlay.reference ? '--ref' : overlay.color,
          label: overlay.label,
          cells: [formatCount(Math.round(count)), formatShare(share)],
          strong: false,
        };
      }),
      foot: '',
    };
  }
}

const rank = ({ overlay }: StepItem): number => (overlay.reference ? 0 : 1);

const inkOf = ({ overlay }: StepItem): string => (overlay.reference ? '--ref' : overlay.color);

function binAt({ bins }: StepItem, position: number): [number, number] | null {
  const i = lastAtOrBefore(bins.edges, position);
  if (bins.constant || i < 0 || i >= bins.counts.length) return null;
  return [bins.edges[i], bins.edges[i + 1]];
}

function describe({ items, notes }: StepModel): string {
  if (items.length === 0) return 'Histogram without data.';
  const parts = items.map(({ overlay, statistics: s }) => {
    const range = `from ${formatValue(s.min)} to ${formatValue(s.max)}`;
    const middle = `mean ${formatValue(s.mean)}, standard deviation ${formatValue(s.std)}`;
    return `${overlay.label}: ${counted(s.n, 'value')} ${range}, ${middle}`;
  });
  const said = notes.map((note) => note.text).join(', ');
  return `Histogram. ${parts.join('; ')}.${said ? ` ${said}.` : ''}`;
}
