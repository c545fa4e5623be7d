/** A whole model as one picture: rows are parameters in network order, columns steps. */

import { RAMP_STEPS } from '../../math/color';
import { firstNonFinite, type LayerRow, type Stage } from '../../math/layers';
import { tellingNames } from '../../math/nameParts';
import { counted, formatShare, formatValue } from '../../math/numbers';
import { lastAtOrBefore } from '../../math/search';
import type { Callbacks, Chart, LayerData, LayerOptions, Moment, Note } from '../../model/types';
import { drawXAxis, momentName, uncapital, xTicks } from '../axes';
import type { Point } from '../frame';
import { imageSource } from '../scratch';
import { rgbOf, theme } from '../theme';
import { tooltip } from '../tooltip';
import { EventChart, RIGHT } from './eventChart';
import { bucketAt, buildLayers, type LayerModel, layoutRows, type RowLayout } from './layerModel';

const TOP = 6;
const BOTTOM = 22;
const LABEL_GAP = 8;
const LABEL_ROOM = 12;
const MOST_LABEL = 104;
/** Names of single rows may take so much of the width. */
const MOST_NAME_SHARE = 0.3;
/** Longer names of rows are shortened to what tells them apart. */
const MOST_LETTERS = 28;

interface LayerView extends LayerModel {
  axis: LayerOptions['x']['kind'];
  notes: Note[];
}

function buildView(data: LayerData, options: LayerOptions): LayerView {
  const model = buildLayers(data, options);
  return { ...model, axis: options.x.kind, notes: notesOf(model, options) };
}

export class LayerMap extends EventChart<LayerView> implements Chart<LayerData, LayerOptions> {
  private layout: RowLayout = { tops: new Float64Array(0), row: 0, end: 0 };

  constructor(
    host: HTMLElement,
    data: LayerData,
    private options: LayerOptions,
    callbacks: Callbacks = {},
  ) {
    super(host, buildView(data, options), callbacks);
    this.show();
  }

  set(data: LayerData, options: LayerOptions): void {
    this.options = options;
    this.view = buildView(data, options);
    this.show();
  }

  private show(): void {
    const { rows, tensors, range, notes } = this.view;
    const ends = `${formatValue(range[0], 3)} to ${formatValue(range[1], 3)}`;
    const { label: what, middle } = this.options;
    const folded = rows.length < tensors ? ` in ${counted(rows.length, 'row')}` : '';
    this.frame.label(`Layer map of ${counted(tensors, 'tensor')}${folded}, ${what} from ${ends}.`);
    this.callbacks.onNotes?.(notes);
    if (middle === null) {
      const [from, to] = range.map((value) => plainText(this.options, value, 2));
      this.callbacks.onLegend?.({ from, to, unit: plainLabel(this.options) });
    } else {
      const [from, to] = range.map(powerOfTen);
      this.callbacks.onLegend?.({ from, to, unit: what, middle: powerOfTen(middle) });
    }
    this.frame.paint();
  }

  drawn() {
    const { rows, stages, width, x, range, notes } = this.view;
    return {
      kind: 'layers',
      statistic: this.options.statistic,
      x,
      range,
      stages: stages.map(({ name }) => name),
      tensors: this.view.tensors,
      rows: rows.map(({ key, bucket, values, bad, group }) => ({
        key,
        group: group ?? null,
        x: Array.from(bucket, (index) => index * width),
        values: Array.from(values),
        bad: Array.from(bad),
      })),
      notes: notes.map((note) => note.text),
    };
  }

  override destroy(): void {
    tooltip().hide(this);
    super.destroy();
  }

  paint(): void {
    const { view, frame } = this;
    const { context } = frame.base;
    context.font = theme().font;
    const high = Math.max(1, frame.height - TOP - BOTTOM);
    this.layout = layoutRows(view, TOP, high);
    const left = this.labelWidth(context) + LABEL_GAP;
    frame.box = {
      left,
      top: TOP,
      width: Math.max(1, frame.width - left - RIGHT),
      height: high,
    };
    this.paintCells(context);
    this.paintLabels(context);
    const ticks = xTicks(view.axis, false, view.x[0], view.x[1], frame.box.width);
    this.labels = drawXAxis(context, frame.box, ticks, (value) => this.toX(value));
  }

  paintOver(): void {
    const { chosen } = this.options;
    if (chosen) this.frameCell(chosen.key, chosen.x);
    this.paintMoment();
    const row = this.pointer ? this.rowAt(this.pointer.y) : null;
    if (row && this.momentPlace !== null) this.frameCell(row.key, this.momentPlace);
    this.frame.over.context.globalAlpha = 1;
  }

  protected override tell(point: Point | null): void {
    const row = point ? this.rowAt(point.y) : null;
    if (point && row) this.showTooltip(row, point);
    else tooltip().hide(this);
  }

  onClick(point: Point): void {
    const row = this.rowAt(point.y);
    if (!row) return;
    if (row.group) this.callbacks.onFold?.(row.key);
    else this.callbacks.onCell?.(row.key, this.momentPlace ?? this.xAt(point.x));
  }

  /** The bucket under the pointer, as the range of steps that it may hold. */
  protected momentAt(point: Point): { moment: Moment; place: number } | null {
    const { axis, width } = this.view;
    const row = this.rowAt(point.y) ?? this.view.rows[0];
    const at = this.xAt(point.x);
    const i = row ? bucketAt(row, at, width) : -1;
    if (i < 0) return null;
    const from = row.bucket[i] * width;
    const whole: Moment = { x: from, axis, pinned: false };
    const moment: Moment =
      width > 1 ? { ...whole, x: from + (width - 1) / 2, range: [from, from + width - 1] } : whole;
    return { moment, place: moment.x };
  }

  private rowAt(y: number): LayerRow | null {
    const i = lastAtOrBefore(this.layout.tops, y);
    const inside = i >= 0 && y < this.layout.tops[i] + this.layout.row + 2;
    return inside ? this.view.rows[i] : null;
  }

  /** Each row has room for a name of its own. */
  private get namesRows(): boolean {
    return this.layout.row >= LABEL_ROOM;
  }

  /** What is named at the left: rows where there is room, else the stages of the network. */
  private named(): Stage[] {
    const { rows, stages } = this.view;
    if (!this.namesRows) return stages;
    const short = tellingNames(rows.map(({ name }) => name));
    return rows.map(({ name }, i) => ({
      name: name.length > MOST_LETTERS ? (short.get(name) ?? name) : name,
      from: i,
      to: i,
    }));
  }

  private labelWidth(context: CanvasRenderingContext2D): number {
    const widths = this.named().map(({ name }) => context.measureText(name).width);
    const most = this.namesRows ? MOST_NAME_SHARE * this.frame.width : MOST_LABEL;
    return Math.min(Math.max(MOST_LABEL, most), Math.ceil(Math.max(40, ...widths)));
  }

  /** One image column per device pixel, one image row per tensor (or per pixel, if they are more). */
  private paintCells(context: CanvasRenderingContext2D): void {
    const { rows } = this.view;
    if (rows.length === 0) return;
    const columns = Math.max(1, Math.round(this.frame.box.width * (devicePixelRatio || 1)));
    const image = new ImageData(columns, rows.length);
    const pixels = new Uint32Array(image.data.buffer);
    for (const [i, row] of rows.entries()) this.paintRow(pixels, i * columns, columns, row, i);
    const source = imageSource(image);
    context.imageSmoothingEnabled = this.layout.row < 1;
    const { left, width } = this.frame.box;
    for (const { from, to } of this.view.stages) {
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
    const { x, range, width } = this.view;
    const ramp = this.options.middle === null ? theme().ramp : theme().twoRamps;
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
    const { rows, width } = this.view;
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
    for (const { name, from, to } of this.named()) {
      const middle = (this.layout.tops[from] + this.layout.tops[to] + this.layout.row) / 2;
      if (middle - last < LABEL_ROOM) continue;
      last = middle;
      context.fillText(tail(context, name, left - LABEL_GAP), left - LABEL_GAP, middle + 0.5);
    }
  }

  private paintMoment(): void {
    const x = this.momentPixel();
    if (x === null) return;
    this.paintHairline(x, true);
    this.paintPill(x);
  }

  private frameCell(key: string, x: number): void {
    const i = this.view.rows.findIndex((row) => row.key === key);
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

  private brokenText(x: number): string {
    const where = uncapital(momentName(this.options.x.kind, { x }));
    return `non-finite values, first at ${where}`;
  }

  private showTooltip(row: LayerRow, point: Point): void {
    const { width } = this.view;
    const { options } = this;
    const x = this.xAt(point.x);
    const i = bucketAt(row, x, width);
    const value = i < 0 ? null : row.values[i];
    const text = value === null ? '–' : plainText(options, value);
    const bounds = this.frame.root.getBoundingClientRect();
    const { box } = this.frame;
    const label = plainLabel(options);
    tooltip().show(
      this,
      {
        title: row.group ? `${row.name} (${row.group.size})` : row.name,
        heads: [''],
        rows: [{ color: '--ink3', label, cells: [text], strong: false }],
        foot: [
          row.group ? `${row.group.spread} of ${row.group.size}, click to unfold or fold` : '',
          this.moment ? momentName(options.x.kind, this.moment) : '',
          i >= 0 && row.bad[i] ? this.brokenText(row.xBad[i]) : '',
        ]
          .filter(Boolean)
          .join(' · '),
      },
      {
        x: bounds.left + point.x,
        dataTop: bounds.top + box.top,
        plotLeft: bounds.left + box.left,
        plotRight: bounds.left + box.left + box.width,
        bottom: bounds.bottom,
      },
    );
  }
}

const isShare = ({ statistic }: LayerOptions): boolean =>
  statistic === 'zeros' || statistic === 'nonFinite';

/** A value of the map as it was before its logarithm was taken. */
const plainText = (options: LayerOptions, value: number, digits = 4): string =>
  isShare(options) ? formatShare(value) : formatValue(10 ** value, digits);

/** `RMS` of `log₁₀ RMS`. */
const plainLabel = ({ label }: LayerOptions): string => label.replace(/^log₁₀ /, '');

/** `10⁻³` of -3. */
function powerOfTen(exponent: number): string {
  return `10${[...String(exponent)].map((sign) => '⁰¹²³⁴⁵⁶⁷⁸⁹⁻'['0123456789-'.indexOf(sign)]).join('')}`;
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
  const at = uncapital(momentName(options.x.kind, { x: broken.x }));
  const name = model.rows.find(({ key }) => key === broken.key)!.name;
  return [{ text: `first non-finite: ${name} at ${at}`, tone: 'bad' }];
}
