/** A bar for each run, or for each class of values of each run. */

import { digitsOn, formatCount, formatValue } from '../../math/numbers';
import { LINEAR } from '../../math/scale';
import { niceBounds, niceLogBounds, type Ticks } from '../../math/ticks';
import type {
  AxisTitles,
  Bar,
  BarOptions,
  Callbacks,
  Chart,
  Moment,
  Note,
} from '../../model/types';
import { drawTitles, drawXAxis, logValueTicks, mappedTicks, shortened, titleRoom } from '../axes';
import { Frame, type FrameOwner, type Point } from '../frame';
import { colorOf, fade, theme } from '../theme';

const TOP = 8;
const BOTTOM = 22;
const RIGHT = 12;
const ROW = 22;
/** Holds a line of text: a bar always has its name and value. */
const MIN_ROW = 13;
const BAR_SHARE = 0.62;
const LABEL_SHARE = 0.36;
const X_ROOM = 80;
const VALUE_GAP = 4;

/** Height that this many bars need; in less, the last ones are cut off. */
export function barsHeight(count: number, titles: AxisTitles | undefined): number {
  const room = titleRoom(titles);
  return TOP + room.top + count * MIN_ROW + BOTTOM + room.bottom;
}

export class BarsPanel implements Chart<Bar[], BarOptions>, FrameOwner {
  private readonly frame: Frame;
  private range: [number, number];
  private digits: number;
  private notes: Note[];
  private hovered = -1;

  constructor(
    host: HTMLElement,
    private bars: Bar[],
    private options: BarOptions,
    private readonly callbacks: Callbacks = {},
  ) {
    this.frame = new Frame(host, this);
    this.range = rangeOf(bars, options.log);
    this.digits = digitsOf(bars);
    this.notes = notesOf(bars, options.log);
    this.show();
  }

  set(bars: Bar[], options: BarOptions): void {
    this.bars = bars;
    this.options = options;
    this.range = rangeOf(bars, options.log);
    this.digits = digitsOf(bars);
    this.notes = notesOf(bars, options.log);
    this.show();
  }

  private show(): void {
    this.frame.label(describe(this.bars));
    this.callbacks.onNotes?.(this.notes);
    this.frame.paint();
  }

  resize(width: number, height: number): void {
    this.frame.resize(width, height);
  }

  /** Bars have no x in common with other panels. */
  showMoment(_moment: Moment | null): void {}

  drawn() {
    return {
      kind: 'bars',
      range: this.range,
      bars: this.bars.map(({ id, label, value, of }) => ({ id, label, value, of })),
      notes: this.notes.map((note) => note.text),
    };
  }

  destroy(): void {
    this.frame.destroy();
  }

  paint(): void {
    const { frame, range } = this;
    const { context } = frame.base;
    context.font = theme().font;
    const label = this.labelWidth(context);
    const room = titleRoom(this.options.titles);
    const top = TOP + room.top;
    const left = label + 8 + this.valueWidth(context, (value) => value < 0);
    const right = Math.max(
      RIGHT,
      this.valueWidth(context, (value) => !(value < 0)),
    );
    frame.box = {
      left,
      top,
      width: Math.max(1, frame.width - left - right),
      height: Math.max(1, frame.height - top - BOTTOM - room.bottom),
    };
    const ticks = this.ticks();
    this.paintGrid(context, ticks);
    for (const [row, bar] of this.bars.entries()) this.paintBar(context, bar, row);
    drawXAxis(context, frame.box, ticks, (value) => this.toX(value));
    drawTitles(context, frame.box, this.options.titles);
    context.fillStyle = theme().line2;
    const zero = this.toX(range[0] <= 0 && range[1] >= 0 ? 0 : range[0]);
    context.fillRect(Math.round(zero), frame.box.top, 1, frame.box.height);
  }

  paintOver(): void {
    if (this.hovered < 0) return;
    const { box, over } = this.frame;
    over.context.fillStyle = fade('--ink', 0.05);
    const row = this.rowHeight();
    over.context.fillRect(0, box.top + this.hovered * row, this.frame.width, row);
  }

  onHover(point: Point | null): void {
    const row = point ? Math.floor((point.y - this.frame.box.top) / this.rowHeight()) : -1;
    const hovered = row >= 0 && row < this.bars.length ? row : -1;
    if (hovered === this.hovered) return;
    this.hovered = hovered;
    this.callbacks.onNearest?.(this.bars[hovered]?.id ?? null);
    this.frame.paintOver();
  }

  private labelWidth(context: CanvasRenderingContext2D): number {
    const widths = this.bars.map(({ label }) => context.measureText(label).width);
    return Math.min(this.frame.width * LABEL_SHARE, Math.max(24, ...widths));
  }

  /** With the digits that tell the bars apart. */
  private text(value: number): string {
    return formatValue(value, this.digits);
  }

  /** Room for the widest of some values beside its bar. */
  private valueWidth(
    context: CanvasRenderingContext2D,
    isMeant: (value: number) => boolean,
  ): number {
    const texts = this.bars.filter(({ value }) => isMeant(value)).map(({ value }) => value);
    const widths = texts.map((value) => context.measureText(this.text(value)).width);
    return widths.length > 0 ? Math.max(...widths) + VALUE_GAP + 2 : 0;
  }

  private ticks(): Ticks {
    const { width } = this.frame.box;
    const [lo, hi] = this.range;
    return this.options.log
      ? logValueTicks(lo, hi, width / 2)
      : mappedTicks(lo, hi, width, LINEAR, X_ROOM);
  }

  private rowHeight(): number {
    const fitting = this.frame.box.height / Math.max(1, this.bars.length);
    return Math.max(MIN_ROW, Math.min(ROW, fitting));
  }

  private toX(value: number): number {
    const { left, width } = this.frame.box;
    const [lo, hi] = this.range;
    const share = this.options.log
      ? Math.log(value / lo) / Math.log(hi / lo)
      : (value - lo) / (hi - lo);
    return left + width * share;
  }

  private paintGrid(context: CanvasRenderingContext2D, ticks: Ticks): void {
    const { top, height } = this.frame.box;
    context.fillStyle = theme().grid;
    for (const value of ticks.values) context.fillRect(Math.round(this.toX(value)), top, 1, height);
  }

  private paintBar(context: CanvasRenderingContext2D, bar: Bar, row: number): void {
    const { top } = this.frame.box;
    const high = this.rowHeight();
    const middle = top + (row + 0.5) * high;
    if (this.bars[row - 1]?.label !== bar.label || !bar.of) {
      this.paintLabel(context, bar, middle, this.labelWidth(context));
    }
    const shown = Number.isFinite(bar.value) && !(this.options.log && bar.value <= 0);
    const zero = this.toX(this.options.log ? this.range[0] : Math.max(this.range[0], 0));
    const end = shown ? this.toX(bar.value) : zero;
    const away = this.options.highlighted !== null && this.options.highlighted !== bar.id;
    context.fillStyle = away ? fade(bar.color, 0.35) : colorOf(bar.color);
    const thick = Math.round(high * BAR_SHARE);
    context.fillRect(Math.min(zero, end), middle - thick / 2, Math.abs(end - zero), thick);
    this.paintValue(context, bar, end, middle);
  }

  private paintLabel(
    context: CanvasRenderingContext2D,
    { label }: Bar,
    middle: number,
    room: number,
  ): void {
    context.font = theme().font;
    context.fillStyle = theme().ink2;
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.fillText(shortened(context, label, room), 0, middle + 0.5);
  }

  private paintValue(
    context: CanvasRenderingContext2D,
    { value }: Bar,
    end: number,
    middle: number,
  ): void {
    const leftwards = value < 0;
    context.fillStyle = Number.isFinite(value) ? theme().ink : theme().bad;
    context.textAlign = leftwards ? 'right' : 'left';
    const x = leftwards ? end - VALUE_GAP : end + VALUE_GAP;
    context.fillText(this.text(value), x, middle + 0.5);
  }
}

const MOST_NAMED = 24;

function describe(bars: Bar[]): string {
  const digits = digitsOf(bars);
  const named = bars.slice(0, MOST_NAMED).map(({ label, value, of }) => {
    return `${label}${of ? ` of ${of}` : ''} ${formatValue(value, digits)}`;
  });
  const more = bars.length > MOST_NAMED ? ` and ${bars.length - MOST_NAMED} more` : '';
  const noun = bars.some(({ of }) => of) ? 'values' : 'runs';
  return `Bar chart of ${bars.length} ${noun}: ${named.join(', ')}${more}.`;
}

function digitsOf(bars: Bar[]): number {
  const values = bars.map(({ value }) => value).filter(Number.isFinite);
  return digitsOn(Math.min(...values), Math.max(...values));
}

function rangeOf(bars: Bar[], log: boolean): [number, number] {
  const values = bars
    .map(({ value }) => value)
    .filter((value) => Number.isFinite(value) && !(log && value <= 0));
  if (values.length === 0) return log ? [0.1, 1] : [0, 1];
  const lo = Math.min(...values);
  const hi = Math.max(...values);
  if (log) return niceLogBounds(lo / 2, hi * 1.5);
  return niceBounds(Math.min(0, lo), Math.max(0, hi) || (lo < 0 ? 0 : 1));
}

function notesOf(bars: Bar[], log: boolean): Note[] {
  const hidden = log ? bars.filter(({ value }) => value <= 0).length : 0;
  if (hidden === 0) return [];
  const what = `${formatCount(hidden)} ${hidden === 1 ? 'value' : 'values'} ≤ 0`;
  return [{ text: `${what} hidden by the log axis`, tone: 'plain' }];
}
