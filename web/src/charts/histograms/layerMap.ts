/** A whole model as one picture: rows are parameters in network order, columns steps. */

import { RAMP_STEPS } from '../../math/color';
import { firstNonFinite, type LayerRow } from '../../math/layers';
import { counted, formatShare, formatValue } from '../../math/numbers';
import { lastAtOrBefore } from '../../math/search';
import type {
  Callbacks,
  Chart,
  LayerData,
  LayerOptions,
  LayerStatistic,
  Moment,
  Note,
} from '../../model/types';
import { drawXAxis, xFull, xShort, xTicks } from '../axes';
import { Frame, type FrameOwner, type Point } from '../frame';
import { imageSource } from '../scratch';
import { crosshair, pillBelow, type Span } from '../surface';
import { rgbOf, theme } from '../theme';
import { tooltip } from '../tooltip';
import { bucketAt, buildLayers, type LayerModel, layoutRows, type RowLayout } from './layerModel';

const TOP = 6;
const RIGHT = 6;
const BOTTOM = 24;
const LABEL_GAP = 8;
const LABEL_ROOM = 12;
const MOST_LABEL = 104;

const STATISTIC_NAMES: Record<LayerStatistic, string> = {
  rms: 'log₁₀ RMS',
  ratio: 'log₁₀ RMS(gradient) / RMS(weight)',
  zeros: 'share of zeros',
  nonFinite: 'share of non-finite',
};

export class LayerMap implements Chart<LayerData, LayerOptions>, FrameOwner {
  private readonly frame: Frame;
  private options: LayerOptions | null = null;
  private model: LayerModel | null = null;
  private layout: RowLayout = { tops: new Float64Array(0), row: 0, end: 0 };
  private notes: Note[] = [];
  private moment: Moment | null = null;
  private pointer: Point | null = null;
  private labels: Span[] = [];

  constructor(
    host: HTMLElement,
    private readonly callbacks: Callbacks = {},
  ) {
    this.frame = new Frame(host, this);
  }

  set(data: LayerData, options: LayerOptions): void {
    this.options = options;
    this.model = buildLayers(data, options.statistic);
    this.notes = notesOf(this.model, options);
    const { rows, range } = this.model;
    const ends = `${formatValue(range[0], 3)} to ${formatValue(range[1], 3)}`;
    const what = STATISTIC_NAMES[options.statistic];
    this.frame.label(`Layer map of ${counted(rows.length, 'tensor')}, ${what} from ${ends}.`);
    this.callbacks.onNotes?.(this.notes);
    const [from, to] = range.map((value) => formatValue(value, 2));
    this.callbacks.onLegend?.({ from, to, unit: what });
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
    if (!this.model || !this.options) return null;
    const { rows, stages, width, x, range } = this.model;
    return {
      kind: 'layers',
      statistic: this.options.statistic,
      x,
      range,
      stages: stages.map(({ name }) => name),
      rows: rows.map(({ key, bucket, values, bad }) => ({
        key,
        x: Array.from(bucket, (index) => index * width),
        values: Array.from(values),
        bad: Array.from(bad),
      })),
      notes: this.notes.map((note) => note.text),
    };
  }

  destroy(): void {
    tooltip().hide(this);
    this.frame.destroy();
  }

  paint(): void {
    const { model, options, frame } = this;
    if (!model || !options) return;
    const { context } = frame.base;
    context.font = theme().font;
    const left = this.labelWidth(context) + LABEL_GAP;
    const high = Math.max(1, frame.height - TOP - BOTTOM);
    this.layout = layoutRows(model, TOP, high);
    frame.box = {
      left,
      top: TOP,
      width: Math.max(1, frame.width - left - RIGHT),
      height: Math.max(1, this.layout.end - TOP + 2),
    };
    this.paintCells(context);
    this.paintLabels(context);
    const ticks = xTicks(options.x.kind, false, model.x[0], model.x[1], frame.box.width);
    this.labels = drawXAxis(context, frame.box, ticks, (value) => this.toX(value));
  }

  paintOver(): void {
    const { model, options, frame } = this;
    if (!model || !options) return;
    if (options.chosen) this.frameCell(options.chosen.key, options.chosen.x);
    this.paintMoment();
    const row = this.pointer ? this.rowAt(this.pointer.y) : null;
    if (row && this.pointer) this.frameCell(row.key, this.xAt(this.pointer.x));
    frame.over.context.globalAlpha = 1;
  }

  onHover(point: Point | null): void {
    const { model, options } = this;
    if (!model || !options || (!point && !this.pointer)) return;
    this.pointer = point;
    this.moment = point ? { x: this.xAt(point.x), axis: options.x.kind, pinned: false } : null;
    this.frame.paintOver();
    this.callbacks.onMoment?.(this.moment);
    const row = point ? this.rowAt(point.y) : null;
    if (point && row) this.showTooltip(row, point);
    else tooltip().hide(this);
  }

  onClick(point: Point): void {
    const row = this.rowAt(point.y);
    if (!row) return;
    const x = this.xAt(point.x);
    this.callbacks.onCell?.(row.key, x);
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

  private rowAt(y: number): LayerRow | null {
    const i = lastAtOrBefore(this.layout.tops, y);
    const inside = i >= 0 && y < this.layout.tops[i] + this.layout.row + 2;
    return inside ? this.model!.rows[i] : null;
  }

  private labelWidth(context: CanvasRenderingContext2D): number {
    const widths = this.model!.stages.map(({ name }) => context.measureText(name).width);
    return Math.min(MOST_LABEL, Math.ceil(Math.max(40, ...widths)));
  }

  /** One image column per device pixel, one image row per tensor (or per pixel, if they are more). */
  private paintCells(context: CanvasRenderingContext2D): void {
    const { rows } = this.model!;
    if (rows.length === 0) return;
    const columns = Math.max(1, Math.round(this.frame.box.width * (devicePixelRatio || 1)));
    const image = new ImageData(columns, rows.length);
    const pixels = new Uint32Array(image.data.buffer);
    for (const [i, row] of rows.entries()) this.paintRow(pixels, i * columns, columns, row, i);
    const source = imageSource(image);
    context.imageSmoothingEnabled = this.layout.row < 1;
    const { left, width } = this.frame.box;
    for (const { from, to } of this.model!.stages) {
      const count = to - from + 1;
      const top = this.layout.tops[from];
      context.drawImage(source, 0, from, columns, count, left, top, width, count * this.layout.row);
    }
    if (this.layout.row < 1) this.paintBadRows(context);
  }

  private paintRow(
    pixels: Uint32Array,
    start: number,
    columns: number,
    row: LayerRow,
    rowIndex: number,
  ): void {
    const { x, range, width } = this.model!;
    const { ramp } = theme();
    const [r, g, b] = rgbOf('--bad');
    const scale = (RAMP_STEPS - 1) / (range[1] - range[0]);
    for (let column = 0; column < columns; column++) {
      const at = x[0] + ((column + 0.5) / columns) * (x[1] - x[0]);
      const i = bucketAt(row, at, width);
      if (i < 0) continue;
      if (row.bad[i]) {
        const alpha = ((column + 3 * rowIndex) >> 1) % 3 === 0 ? 255 : 140;
        pixels[start + column] = ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
      } else if (!Number.isNaN(row.values[i])) {
        const index = Math.round((row.values[i] - range[0]) * scale);
        pixels[start + column] = ramp[Math.min(RAMP_STEPS - 1, Math.max(0, index))];
      }
    }
  }

  /** Rows thinner than a pixel are averaged; their non-finite cells must not fade away. */
  private paintBadRows(context: CanvasRenderingContext2D): void {
    const { rows, width } = this.model!;
    context.fillStyle = theme().bad;
    for (const [i, row] of rows.entries()) {
      row.bad.forEach((bad, k) => {
        if (!bad) return;
        const left = this.toX(row.bucket[k] * width);
        const right = this.toX((row.bucket[k] + 1) * width);
        context.fillRect(left, this.layout.tops[i], Math.max(1, right - left), 1);
      });
    }
  }

  private paintLabels(context: CanvasRenderingContext2D): void {
    context.font = theme().font;
    context.fillStyle = theme().ink3;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    const { left } = this.frame.box;
    let last = Number.NEGATIVE_INFINITY;
    for (const { name, from, to } of this.model!.stages) {
      const middle = (this.layout.tops[from] + this.layout.tops[to] + this.layout.row) / 2;
      if (middle - last < LABEL_ROOM) continue;
      last = middle;
      context.fillText(tail(context, name, left - LABEL_GAP), left - LABEL_GAP, middle + 0.5);
    }
  }

  private paintMoment(): void {
    const { moment, options, frame } = this;
    if (!moment || moment.axis !== options!.x.kind) return;
    const x = this.toX(moment.x);
    const { box } = frame;
    if (!(x >= box.left - 1 && x <= box.left + box.width + 1)) return;
    crosshair(frame.over.context, x, box, true);
    const text = xShort(this.options!.x.kind, moment.x);
    const top = box.top + box.height + 4;
    pillBelow(frame.over.context, text, x, top, frame.width, this.labels);
  }

  private frameCell(key: string, x: number): void {
    const i = this.model!.rows.findIndex((row) => row.key === key);
    const { left, width } = this.frame.box;
    const middle = this.toX(x);
    if (i < 0 || middle < left || middle > left + width) return;
    const high = Math.max(7, this.layout.row + 4);
    const top = this.layout.tops[i] + this.layout.row / 2 - high / 2;
    const { context } = this.frame.over;
    for (const [color, line] of [
      [theme().bg, 3],
      [theme().cross, 1],
    ] as const) {
      context.strokeStyle = color;
      context.lineWidth = line;
      context.beginPath();
      context.roundRect(Math.round(middle) - 4 + 0.5, Math.round(top) + 0.5, 8, high, 2);
      context.stroke();
    }
  }

  private showTooltip(row: LayerRow, point: Point): void {
    const { width } = this.model!;
    const options = this.options!;
    const x = this.xAt(point.x);
    const i = bucketAt(row, x, width);
    const value = i < 0 ? null : row.values[i];
    const share = options.statistic === 'zeros' || options.statistic === 'nonFinite';
    const text = value !== null && share ? formatShare(value) : formatValue(value);
    const bounds = this.frame.root.getBoundingClientRect();
    const { box } = this.frame;
    const label = STATISTIC_NAMES[options.statistic];
    tooltip().show(
      this,
      {
        title: row.name,
        heads: [''],
        rows: [{ color: '--ink3', label, cells: [text], strong: false }],
        foot: [
          xFull(options.x.kind, Math.round(x)),
          i >= 0 && row.bad[i] ? 'has non-finite values' : '',
        ]
          .filter(Boolean)
          .join(' · '),
      },
      {
        x: bounds.left + point.x,
        dataTop: bounds.top + box.top,
        plotLeft: bounds.left + box.left,
        plotRight: bounds.left + box.left + box.width,
      },
    );
  }
}

/** The end of a long name: what differs between neighbours is there. */
function tail(context: CanvasRenderingContext2D, name: string, room: number): string {
  if (context.measureText(name).width <= room) return name;
  let from = 1;
  while (from < name.length && context.measureText(`…${name.slice(from)}`).width > room) from++;
  return `…${name.slice(from)}`;
}

function notesOf(model: LayerModel, options: LayerOptions): Note[] {
  const broken = firstNonFinite(model.rows);
  if (!broken) return [];
  const at = xShort(options.x.kind, broken.bucket * model.width);
  const name = model.rows.find(({ key }) => key === broken.key)!.name;
  const unit = options.x.kind === 'step' ? 'step ' : '';
  return [{ text: `first non-finite: ${name} at ${unit}${at}`, tone: 'bad' }];
}
