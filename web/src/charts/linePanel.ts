/**
 * Lines over steps or time. uPlot gives the axes, the scales and the zoom; lines, envelopes and
 * whiskers are drawn here, each line on its own x, so that runs which log at different steps need
 * no common grid. Two canvases lie over each other: uPlot's holds the axes and the layer that is
 * dear (envelopes, originals, whiskers), the one above it the smoothed lines. The smoothing slider
 * redraws only the upper one.
 */

import type uPlot from 'uplot';
import { formatValue } from '../math/numbers';
import { LINEAR } from '../math/scale';
import type { Ticks } from '../math/ticks';
import { labelColumn, logValueTicks, mappedTicks, xTicks } from './axes';
import { describeLines } from './describe';
import { type Plane, strokeLine } from './lineDrawing';
import { LineHover } from './lineHover';
import { paintLineLayer } from './lineLayer';
import { buildModel, type DrawnLine, type LineModel, smoothLine } from './lineModel';
import { createPlot, redrawPlot, X_AXIS_HEIGHT } from './plot';
import { cancelPaint, paintLater } from './queue';
import { type Box, circle, clipped, Surface } from './surface';
import { colorOf, fade, onTheme, theme } from './theme';
import type { Callbacks, Chart, Line, LineOptions, Moment, Smoothing } from './types';

const CLICK_PIXELS = 4;

export class LinePanel implements Chart<Line[], LineOptions> {
  private readonly root = document.createElement('div');
  private readonly over: Surface;
  private readonly hover: LineHover;
  private readonly forgetTheme: () => void;
  private plot: uPlot | null = null;
  private lines: Line[] = [];
  private options: LineOptions | null = null;
  private given: LineOptions | null = null;
  private model: LineModel | null = null;
  private ticks: { x: Ticks; y: Ticks } = emptyTicks();
  private width = 0;
  private height = 0;
  private painted = false;
  private plotted = { x: false, y: false };

  constructor(
    private readonly host: HTMLElement,
    private readonly callbacks: Callbacks = {},
  ) {
    this.root.className = 'chart';
    host.setAttribute('role', 'img');
    host.append(this.root);
    this.width = host.clientWidth;
    this.height = host.clientHeight;
    this.over = new Surface(this.root, true);
    this.hover = new LineHover(this.root, callbacks);
    this.forgetTheme = onTheme(() => this.paintSoon());
  }

  set(lines: Line[], options: LineOptions): void {
    this.lines = lines;
    // new data under the same options: smoothing and highlight may have changed since
    if (options !== this.given || !this.options) this.options = options;
    this.given = options;
    this.rebuild();
  }

  private rebuild(): void {
    this.model = buildModel(this.lines, this.options!);
    this.callbacks.onNotes?.(this.model.notes);
    if (this.painted) this.paintSoon();
    else this.paintFirst();
  }

  /** Fast path of the smoothing control: redraws the smoothed lines alone where that is enough. */
  smooth(smoothing: Smoothing): void {
    if (!this.options || !this.model || !this.plot) return;
    const before = this.options.smoothing;
    this.options = { ...this.options, smoothing };
    const sameLayer =
      (before.kind === 'none') === (smoothing.kind === 'none') &&
      before.showOriginal === smoothing.showOriginal &&
      (smoothing.showOriginal || smoothing.kind === 'none');
    if (!sameLayer || !this.painted) {
      this.rebuild();
      return;
    }
    for (const item of this.model.lines) {
      item.smoothed = smoothLine(item.line, item.original, this.options);
    }
    this.paintLines();
    this.hover.refresh();
  }

  /** Fast path of hovering a list of runs. */
  highlight(id: string | null): void {
    if (!this.options || this.options.highlighted === id) return;
    this.options = { ...this.options, highlighted: id };
    if (this.painted) this.paintLines();
  }

  resize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    if (this.model) this.paintAll();
  }

  showMoment(moment: Moment | null): void {
    this.hover.show(moment);
  }

  drawn() {
    if (!this.model || !this.options) return null;
    const { lines, x, y, notes } = this.model;
    return {
      kind: 'lines',
      x,
      y,
      notes: notes.map((note) => note.text),
      lines: lines.map(({ line, original, smoothed }) => ({
        id: line.id,
        label: line.label,
        x: Array.from(line.x),
        original: Array.from(original),
        smoothed: Array.from(smoothed),
        min: Array.from(line.min),
        max: Array.from(line.max),
        count: Array.from(line.count),
      })),
    };
  }

  destroy(): void {
    cancelPaint(this);
    this.forgetTheme();
    this.hover.destroy();
    this.plot?.destroy();
    this.root.remove();
  }

  /** Lines at once, the layer in one of the next frames. */
  private paintFirst(): void {
    this.painted = true;
    this.paintAxes();
    this.paintLines();
    paintLater(this, () => this.paintLayer(), true);
  }

  private paintSoon(): void {
    if (this.model) paintLater(this, () => this.paintAll());
  }

  private paintAll(): void {
    cancelPaint(this);
    this.painted = true;
    this.paintAxes();
    this.paintLayer();
    this.paintLines();
    this.hover.refresh();
  }

  /** Axes and grid, by uPlot, on the lower canvas. */
  private paintAxes(): void {
    this.ticks = this.makeTicks();
    this.dropStalePlot();
    if (this.plot) redrawPlot(this.plot, this.model!, this.width, this.height);
    else this.plot = this.makePlot();
    if (this.over.width !== this.width || this.over.height !== this.height) {
      this.over.resize(this.width, this.height);
    }
    this.hover.attach(this.model!, this.options!, this.plot, this.box(), this.ticks.x);
  }

  private makeTicks(): { x: Ticks; y: Ticks } {
    const { x, y } = this.model!;
    const options = this.options!;
    const high = this.height - X_AXIS_HEIGHT;
    const yTicks = options.y.log
      ? logValueTicks(y[0], y[1], high)
      : mappedTicks(y[0], y[1], high, LINEAR);
    const wide = this.width - labelColumn(yTicks.labels);
    const ticks = xTicks(options.x.kind, options.x.log, x[0], x[1], wide);
    return { x: withoutCutLabel(ticks, x, options.x.log, wide), y: yTicks };
  }

  private makePlot(): uPlot {
    const { x, y } = this.options!;
    const plot = createPlot(this.root, {
      width: this.width,
      height: this.height,
      log: { x: x.log, y: y.log },
      model: () => this.model!,
      ticks: () => this.ticks,
      select: (left, width) => this.zoomTo(left, width),
      reset: () => this.callbacks.onZoom?.(null, null),
    });
    this.plotted = { x: x.log, y: y.log };
    this.root.prepend(plot.root);
    return plot;
  }

  /** uPlot fixes a scale's kind when it is made: another kind needs another plot. */
  private dropStalePlot(): void {
    const { x, y } = this.options!;
    if (!this.plot || (this.plotted.x === x.log && this.plotted.y === y.log)) return;
    this.plot.destroy();
    this.plot = null;
  }

  private zoomTo(left: number, width: number): void {
    if (width < CLICK_PIXELS) return;
    this.callbacks.onZoom?.(this.xAt(left), this.xAt(left + width));
  }

  /** x at a distance from the plot's left edge, in CSS pixels. */
  private xAt(left: number): number {
    const [x0, x1] = this.model!.x;
    const share = left / this.box().width;
    return this.options!.x.log ? x0 * (x1 / x0) ** share : x0 + (x1 - x0) * share;
  }

  private box(): Box {
    const ratio = devicePixelRatio || 1;
    const { left, top, width, height } = this.plot!.bbox;
    return { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio };
  }

  private plane(): Plane {
    return planeOf(this.plot!.bbox, this.model!, this.options!);
  }

  private paintLayer(): void {
    paintLineLayer(this.plot!.ctx, this.model!, this.plane());
    this.host.setAttribute('aria-label', describeLines(this.model!, this.options!));
  }

  /** The smoothed lines, on the upper canvas. */
  private paintLines(): void {
    const options = this.options!;
    const { lines } = this.model!;
    const context = this.over.context;
    this.over.clear();
    const plane = this.plane();
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    clipped(context, this.plot!.bbox, () => {
      const raised = options.highlighted ?? options.selected ?? null;
      const ordered = [...lines].sort((a, b) => rank(a, raised) - rank(b, raised));
      for (const item of ordered) this.paintLine(context, plane, item);
    });
    context.restore();
    for (const item of lines) this.paintSinglePoint(plane, item);
  }

  private paintLine(context: CanvasRenderingContext2D, plane: Plane, item: DrawnLine): void {
    const { highlighted, selected } = this.options!;
    const { line } = item;
    const ratio = devicePixelRatio || 1;
    const raised = line.id === highlighted || line.id === selected;
    const width = raised ? 2 : this.lines.length === 1 ? 1.5 : 1;
    const away = highlighted !== null && highlighted !== line.id;
    strokeLine(context, line.x, item.smoothed, plane, {
      color: away ? fade(line.color, 0.35) : colorOf(line.color),
      width: width * ratio,
      dash: line.dash.map((length) => length * ratio),
    });
  }

  /** A line of one bucket: a dot with its value. */
  private paintSinglePoint(plane: Plane, { line, smoothed }: DrawnLine): void {
    if (line.x.length !== 1 || !Number.isFinite(smoothed[0])) return;
    const ratio = devicePixelRatio || 1;
    const x = plane.x(line.x[0]) / ratio;
    const y = plane.y(smoothed[0]) / ratio;
    const context = this.over.context;
    circle(context, x, y, 3.5, colorOf(line.color));
    context.fillStyle = theme().ink2;
    context.font = theme().font;
    context.textBaseline = 'middle';
    context.textAlign = x > this.width / 2 ? 'right' : 'left';
    context.fillText(formatValue(smoothed[0]), x > this.width / 2 ? x - 8 : x + 8, y);
  }
}

function emptyTicks(): { x: Ticks; y: Ticks } {
  return { x: { values: [], labels: [] }, y: { values: [], labels: [] } };
}

const LABEL_LETTER_PIXELS = 6.2;

/** uPlot centres labels on their ticks: one that the right edge would cut is left out. */
function withoutCutLabel(
  ticks: Ticks,
  [lo, hi]: [number, number],
  log: boolean,
  wide: number,
): Ticks {
  const last = ticks.values.length - 1;
  if (last < 1) return ticks;
  const value = ticks.values[last];
  const share = log ? Math.log(hi / value) / Math.log(hi / lo) : (hi - value) / (hi - lo);
  const half = (ticks.labels[last].length * LABEL_LETTER_PIXELS) / 2;
  if (share * wide + 6 >= half - 2) return ticks;
  return { values: ticks.values, labels: [...ticks.labels.slice(0, last), ''] };
}

const rank = ({ line }: DrawnLine, raised: string | null): number => (line.id === raised ? 1 : 0);

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
