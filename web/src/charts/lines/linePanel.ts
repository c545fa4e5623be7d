/**
 * Lines over steps or time, each line on its own x, so that runs which log at different steps need
 * no common grid. The lower canvas holds the axes and the layer that is dear (envelopes, originals,
 * whiskers), the upper one the smoothed lines: the smoothing slider redraws only that one.
 */

import { nonFiniteAt } from '../../math/buckets';
import { digitsOn, formatValue } from '../../math/numbers';
import { LINEAR } from '../../math/scale';
import type { Ticks } from '../../math/ticks';
import type { Callbacks, Chart, Line, LineOptions, Moment, Smoothing } from '../../model/types';
import {
  drawTitles,
  drawXAxis,
  drawYAxis,
  labelColumn,
  logValueTicks,
  mappedTicks,
  titleRoom,
  xTicks,
} from '../axes';
import { Frame, type FrameOwner, type Point } from '../frame';
import { cancelPaint, paintLater } from '../queue';
import { type Box, circle, clipped, type Span } from '../surface';
import { colorOf, fade, theme } from '../theme';
import { describeLines } from './describeLines';
import type { DrawnLine } from './drawnLine';
import { paintAlerts } from './lineAlerts';
import { type Plane, strokeLine } from './lineDrawing';
import { LineHover } from './lineHover';
import { paintDiagonal, paintGuide, paintLineLayer } from './lineLayer';
import { buildModel, type LineModel, rangeNow, smoothLine } from './lineModel';

const TOP = 6;
const RIGHT = 6;
const BOTTOM = 22;

export class LinePanel implements Chart<Line[], LineOptions>, FrameOwner {
  readonly dragsAlong = 'x';
  private readonly frame: Frame;
  private readonly hover: LineHover;
  private given: LineOptions;
  private model: LineModel;
  private painted = false;
  /** Of the x-axis. */
  private ticks: Ticks = { values: [], labels: [] };

  constructor(
    host: HTMLElement,
    private lines: Line[],
    private options: LineOptions,
    private readonly callbacks: Callbacks = {},
  ) {
    this.frame = new Frame(host, this);
    this.given = options;
    this.model = buildModel(lines, options);
    this.hover = new LineHover(this.frame, callbacks, this.model, options);
    this.show();
  }

  set(lines: Line[], options: LineOptions): void {
    this.lines = lines;
    // new data under the same options: smoothing and highlight may have changed since
    if (options !== this.given) this.options = options;
    this.given = options;
    this.rebuild();
  }

  private rebuild(): void {
    this.model = buildModel(this.lines, this.options);
    this.show();
  }

  private show(): void {
    this.callbacks.onNotes?.(this.model.notes);
    this.frame.paint();
  }

  /** Fast path of the smoothing control: redraws the smoothed lines alone where that is enough. */
  smooth(smoothing: Smoothing): void {
    const before = this.options.smoothing;
    this.options = { ...this.options, smoothing };
    const sameLayer =
      (before.kind === 'none') === (smoothing.kind === 'none') &&
      before.showOriginal === smoothing.showOriginal &&
      (smoothing.showOriginal || smoothing.kind === 'none');
    if (!sameLayer) {
      this.rebuild();
      return;
    }
    for (const item of this.model.lines) {
      item.smoothed = smoothLine(item.line, item.original, this.options);
    }
    const [lo, hi] = rangeNow(this.model, this.options);
    if (lo !== this.model.y[0] || hi !== this.model.y[1]) {
      this.rebuild();
      return;
    }
    this.frame.paintOver();
    this.hover.refresh();
  }

  /** Fast path of hovering a list of runs. */
  highlight(id: string | null): void {
    if (this.options.highlighted === id) return;
    this.options = { ...this.options, highlighted: id };
    this.frame.paintOver();
  }

  resize(width: number, height: number): void {
    this.frame.resize(width, height);
  }

  showMoment(moment: Moment | null): void {
    this.hover.show(moment);
  }

  drawn() {
    const { lines, x, y, notes } = this.model;
    return {
      kind: 'lines',
      x,
      y,
      diagonal: this.options.diagonal === true,
      titles: this.options.titles,
      notes: notes.map((note) => note.text),
      plot: this.frame.box,
      moment: this.hover.shown(),
      ticks: this.ticks,
      alerts: this.options.alerts ?? [],
      lines: lines.map(({ line, original, smoothed, banded }) => ({
        id: line.id,
        label: line.label,
        x: Array.from(line.x),
        original: Array.from(original),
        smoothed: Array.from(smoothed),
        min: Array.from(line.min),
        max: Array.from(line.max),
        last: Array.from(line.last),
        count: Array.from(line.count),
        bad: Array.from(line.x, (_, i) => nonFiniteAt(line, i)),
        banded,
        members: line.group ? Array.from(line.group.members) : undefined,
      })),
    };
  }

  destroy(): void {
    cancelPaint(this);
    this.hover.destroy();
    this.frame.destroy();
  }

  /** The first time only the axes at once: the layer follows in one of the next frames. */
  paint(): void {
    cancelPaint(this);
    this.hover.attach(this.model, this.options, this.paintAxes());
    if (this.painted) this.paintLayer();
    else paintLater(this, () => this.paintLayer(), true);
    this.painted = true;
    this.hover.refresh();
  }

  /** The smoothed lines, on the upper canvas. */
  paintOver(): void {
    const { lines } = this.model;
    const { context } = this.frame.over;
    const plane = this.plane();
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    clipped(context, plane.box, () => {
      const raised = this.options.highlighted ?? this.options.selected ?? null;
      const ordered = [...lines].sort((a, b) => rank(a, raised) - rank(b, raised));
      for (const item of ordered) this.paintLine(context, plane, item);
    });
    paintAlerts(context, this.options.alerts ?? [], lines, plane);
    context.restore();
    this.paintSinglePoints(plane, lines);
  }

  onHover(point: Point | null): void {
    if (point) this.hover.move(point);
    else this.hover.leave();
  }

  onArrow(by: -1 | 1): void {
    this.hover.step(by);
  }

  onClick(point: Point): void {
    this.hover.pin(point);
  }

  onDrag(from: Point, to: Point): void {
    const [x0, x1] = [this.hover.xAt(from.x), this.hover.xAt(to.x)].sort((a, b) => a - b);
    this.callbacks.onZoom?.(x0, x1);
  }

  onDoubleClick(): void {
    this.callbacks.onZoom?.(null, null);
  }

  /** Axes and grid, on the lower canvas; returns where the labels of the x-axis are. */
  private paintAxes(): Span[] {
    const { frame, model, options } = this;
    const ticks = this.layOut();
    this.ticks = ticks.x;
    const { context } = frame.base;
    const { x, y } = planeOf(frame.box, model, options);
    drawYAxis(context, frame.box, ticks.y, y, true);
    drawTitles(context, frame.box, options.titles);
    return drawXAxis(context, frame.box, ticks.x, x);
  }

  /** Chooses the ticks, and sets the box to what their labels leave. */
  private layOut(): { x: Ticks; y: Ticks } {
    const { width, height } = this.frame;
    const { x, y } = this.model;
    const options = this.options;
    const room = titleRoom(options.titles);
    const high = height - BOTTOM - room.bottom;
    const yTicks = options.y.log
      ? logValueTicks(y[0], y[1], high)
      : mappedTicks(y[0], y[1], high, LINEAR);
    const left = labelColumn(yTicks.labels);
    const wide = width - left;
    const ticks = xTicks(options.x.kind, options.x.log, x[0], x[1], wide);
    this.frame.box = {
      left,
      top: TOP + room.top,
      width: Math.max(1, wide - RIGHT),
      height: Math.max(1, high - TOP - room.top),
    };
    return { x: ticks, y: yTicks };
  }

  /** The plot in device pixels. */
  private plane(): Plane {
    const ratio = devicePixelRatio || 1;
    const { left, top, width, height } = this.frame.box;
    const box = {
      left: left * ratio,
      top: top * ratio,
      width: width * ratio,
      height: height * ratio,
    };
    return planeOf(box, this.model, this.options);
  }

  private paintLayer(): void {
    const { context } = this.frame.base;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    const plane = this.plane();
    if (this.options.diagonal) paintDiagonal(context, plane);
    if (this.options.guide) paintGuide(context, plane, this.options.guide);
    paintLineLayer(context, this.model, plane);
    context.restore();
    this.frame.label(describeLines(this.model, this.options));
  }

  private paintLine(context: CanvasRenderingContext2D, plane: Plane, item: DrawnLine): void {
    const { highlighted, selected } = this.options;
    const { line } = item;
    const ratio = devicePixelRatio || 1;
    const raised = isOf(line, highlighted) || isOf(line, selected);
    const width = raised ? 2 : this.lines.length === 1 ? 1.5 : 1;
    const away = highlighted !== null && !isOf(line, highlighted);
    strokeLine(context, line.x, item.smoothed, plane, {
      color: away ? fade(line.color, 0.35) : colorOf(line.color),
      width: width * ratio,
      dash: line.dash.map((length) => length * ratio),
    });
  }

  /** Lines of one bucket: a dot each, with its value where that lies over no other. */
  private paintSinglePoints(plane: Plane, lines: DrawnLine[]): void {
    const ratio = devicePixelRatio || 1;
    const written: [number, number][] = [];
    for (const { line, smoothed } of lines) {
      if (line.x.length !== 1 || !Number.isFinite(smoothed[0])) continue;
      const x = plane.x(line.x[0]) / ratio;
      const y = plane.y(smoothed[0]) / ratio;
      circle(this.frame.over.context, x, y, 3.5, colorOf(line.color));
      if (written.some(([a, b]) => Math.abs(a - x) < LABEL_WIDTH && Math.abs(b - y) < LABEL_HEIGHT))
        continue;
      written.push([x, y]);
      this.writeValue(smoothed[0], x, y);
    }
  }

  private writeValue(value: number, x: number, y: number): void {
    const { context } = this.frame.over;
    context.fillStyle = theme().ink2;
    context.font = theme().font;
    context.textBaseline = 'middle';
    context.textAlign = x > this.frame.width / 2 ? 'right' : 'left';
    const text = formatValue(value, digitsOn(...this.model.y));
    context.fillText(text, x > this.frame.width / 2 ? x - 8 : x + 8, y);
  }
}

/** Room that the value beside a single point takes, in CSS pixels. */
const LABEL_WIDTH = 64;
const LABEL_HEIGHT = 14;

const isOf = (line: Line, id: string | null | undefined): boolean =>
  id !== null && id !== undefined && (line.id === id || line.beside === id);

const rank = ({ line }: DrawnLine, raised: string | null): number => Number(isOf(line, raised));

/** Linear or log axes over the box; values a log axis can't show become NaN. */
function planeOf(box: Box, { x, y }: LineModel, options: LineOptions): Plane {
  const toX = axisMap(x, options.x.log, box.left, box.width);
  const toY = axisMap(y, options.y.log, box.top + box.height, -box.height);
  return { box, x: toX, y: toY };
}

function axisMap(
  [lo, hi]: [number, number],
  log: boolean,
  start: number,
  length: number,
): (value: number) => number {
  if (!log) {
    const scale = length / (hi - lo);
    return (value) => start + (value - lo) * scale;
  }
  const from = Math.log(lo);
  const scale = length / (Math.log(hi) - from);
  return (value) => (value > 0 ? start + (Math.log(value) - from) * scale : Number.NaN);
}
