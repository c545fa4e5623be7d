/** Parallel coordinates: an axis for each value, a line for each run through all of its values. */

import { counted, formatPlain } from '../../math/numbers';
import {
  type Brush,
  describeBrush,
  type ParallelAxis,
  type Part,
  placeOfWord,
} from '../../math/parallel';
import type { Callbacks, Chart, Moment, Note } from '../../model/types';
import { Frame, type FrameOwner, type Point } from '../frame';
import type { Box } from '../surface';
import { colorOf, fade, theme } from '../theme';

export interface ParallelRun {
  id: string;
  label: string;
  color: string;
  /** Place on each axis, 0..1; NaN where the run has no such value. */
  places: number[];
}

export interface ParallelData {
  axes: ParallelAxis[];
  runs: ParallelRun[];
}

export interface ParallelOptions {
  highlighted: string | null;
  /** What is selected on each axis, and where that lies on it. */
  brushes: (Brush | null)[];
  parts: Part[][];
  /** Runs that lie in all of it; null where nothing is selected. */
  selected: Set<string> | null;
}

const TOP = 30;
const BOTTOM = 14;
const SIDE = 52;
const NEAR_PIXELS = 8;
/** How far from an axis it can be dragged along, and how wide a brush is. */
const REACH_PIXELS = 20;
const BRUSH_PIXELS = 12;

export class ParallelPanel implements Chart<ParallelData, ParallelOptions>, FrameOwner {
  readonly dragsAlong = 'y';
  private readonly frame: Frame;
  private plot: Box = { left: 0, top: 0, width: 1, height: 1 };
  private hovered: ParallelRun | null = null;

  constructor(
    host: HTMLElement,
    private data: ParallelData,
    private options: ParallelOptions,
    private readonly callbacks: Callbacks = {},
  ) {
    this.frame = new Frame(host, this);
    this.show();
  }

  set(data: ParallelData, options: ParallelOptions): void {
    this.data = data;
    this.options = options;
    this.show();
  }

  private show(): void {
    this.callbacks.onNotes?.(notesOf(this.data));
    this.frame.label(describe(this.data, this.options));
    this.frame.paint();
  }

  resize(width: number, height: number): void {
    this.frame.resize(width, height);
  }

  /** Runs have no moment. */
  showMoment(_moment: Moment | null): void {}

  drawn() {
    const { brushes, parts, selected } = this.options;
    return { kind: 'parallel', ...this.data, brushes, parts, selected: selected && [...selected] };
  }

  destroy(): void {
    this.frame.destroy();
  }

  paint(): void {
    const { width, height } = this.frame;
    this.plot = {
      left: SIDE,
      top: TOP,
      width: Math.max(1, width - 2 * SIDE),
      height: Math.max(1, height - TOP - BOTTOM),
    };
    const { left, width: wide, ...rest } = this.plot;
    this.frame.box = { left: left - REACH_PIXELS, width: wide + 2 * REACH_PIXELS, ...rest };
    const { context } = this.frame.base;
    const { selected } = this.options;
    const isNear = ({ id }: { id: string }) => !selected || selected.has(id);
    const away = this.data.runs.filter((run) => !isNear(run));
    const near = this.data.runs.filter(isNear);
    for (const run of away) this.paintRun(context, run, fade(run.color, 0.12), 1);
    for (const run of near) this.paintRun(context, run, this.strokeOf(run), selected ? 2 : 1.25);
    for (const [i, axis] of this.data.axes.entries()) {
      this.paintBrush(context, i);
      this.paintAxis(context, axis, i);
    }
  }

  private strokeOf({ id, color }: ParallelRun): string {
    const { highlighted, selected } = this.options;
    if (highlighted !== null && highlighted !== id) return fade(color, 0.2);
    return fade(color, selected || this.data.runs.length <= 12 ? 0.9 : 0.6);
  }

  paintOver(): void {
    if (!this.hovered) return;
    const { context } = this.frame.over;
    this.paintRun(context, this.hovered, colorOf(this.hovered.color), 2.5);
    context.fillStyle = theme().ink;
    context.font = theme().font;
    context.textAlign = 'center';
    context.fillText(this.hovered.label, this.frame.width / 2, this.frame.height - 3);
  }

  /** Drags begin near an axis. */
  dragBand(from: Point): Part | null {
    const axis = this.axisNear(from);
    return axis < 0 ? null : [this.axisX(axis) - BRUSH_PIXELS / 2, BRUSH_PIXELS];
  }

  onDrag(from: Point, to: Point): void {
    const axis = this.axisNear(from);
    if (axis < 0) return;
    const places = [this.shareAt(from.y), this.shareAt(to.y)];
    this.callbacks.onBrush?.(axis, [Math.min(...places), Math.max(...places)]);
  }

  onClick(point: Point): void {
    const axis = this.axisNear(point);
    if (axis >= 0 && this.options.brushes[axis]) this.callbacks.onBrush?.(axis, null);
  }

  onDoubleClick(): void {
    this.callbacks.onBrush?.(null, null);
  }

  onHover(point: Point | null): void {
    this.frame.root.style.cursor = point && this.axisNear(point) >= 0 ? 'ns-resize' : '';
    const hovered = point && this.nearest(point);
    if (hovered === this.hovered) return;
    this.hovered = hovered;
    this.callbacks.onNearest?.(hovered?.id ?? null);
    this.frame.paintOver();
  }

  /** The axis that is in reach, or -1. */
  private axisNear({ x }: Point): number {
    return this.data.axes.findIndex((_, i) => Math.abs(this.axisX(i) - x) <= REACH_PIXELS);
  }

  private axisX(i: number): number {
    const { left, width } = this.plot;
    return left + (this.data.axes.length > 1 ? i / (this.data.axes.length - 1) : 0.5) * width;
  }

  private placeY(share: number): number {
    const { top, height } = this.plot;
    return top + (1 - share) * height;
  }

  private shareAt(y: number): number {
    const { top, height } = this.plot;
    return 1 - (y - top) / height;
  }

  /** A value that is missing lifts the pen. */
  private paintRun(
    context: CanvasRenderingContext2D,
    { places }: ParallelRun,
    color: string,
    width: number,
  ): void {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    let down = false;
    for (const [i, share] of places.entries()) {
      const known = !Number.isNaN(share);
      if (known && down) context.lineTo(this.axisX(i), this.placeY(share));
      else if (known) context.moveTo(this.axisX(i), this.placeY(share));
      down = known;
    }
    context.stroke();
  }

  private paintAxis(context: CanvasRenderingContext2D, axis: ParallelAxis, i: number): void {
    const x = Math.round(this.axisX(i));
    const { top, height } = this.plot;
    const { bg, line2, ink2, ink3, font } = theme();
    context.fillStyle = line2;
    context.fillRect(x, top, 1, height);
    context.font = font;
    context.textAlign = 'center';
    context.textBaseline = 'alphabetic';
    context.fillStyle = ink2;
    const room = this.plot.width / Math.max(1, this.data.axes.length - 1) - 8;
    const label = axis.log ? `${axis.label} (log)` : axis.label;
    context.fillText(label, x, top - 16, Math.max(40, room));
    // a seam of paper keeps words readable among the lines
    context.strokeStyle = bg;
    context.lineWidth = 3;
    context.fillStyle = ink3;
    for (const [share, text] of labelsOf(axis)) {
      const y = share === 1 ? top - 4 : this.placeY(share) + (share === 0 ? 11 : 3);
      context.strokeText(text, x, y);
      context.fillText(text, x, y);
    }
  }

  private paintBrush(context: CanvasRenderingContext2D, i: number): void {
    const left = Math.round(this.axisX(i)) - BRUSH_PIXELS / 2;
    for (const [from, to] of this.options.parts[i] ?? []) {
      const top = this.placeY(to);
      const height = Math.max(2, this.placeY(from) - top);
      context.fillStyle = fade('--accent', 0.25);
      context.fillRect(left, top, BRUSH_PIXELS, height);
      context.strokeStyle = colorOf('--accent');
      context.lineWidth = 1;
      context.strokeRect(left + 0.5, top, BRUSH_PIXELS, height);
    }
    const brush = this.options.brushes[i];
    if (brush && 'from' in brush) this.paintEnds(context, i, brush);
  }

  /** The ends of a range of numbers, beside the brush. */
  private paintEnds(
    context: CanvasRenderingContext2D,
    i: number,
    { from, to }: { from: number; to: number },
  ): void {
    const [part] = this.options.parts[i];
    if (!part) return;
    const { bg, ink, font } = theme();
    context.font = font;
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    for (const [share, value] of [
      [part[1], to],
      [part[0], from],
    ]) {
      if (share === 0 || share === 1) continue; // the axis says it
      const text = formatPlain(value);
      const [x, y] = [this.axisX(i) + BRUSH_PIXELS / 2 + 3, this.placeY(share)];
      context.fillStyle = bg;
      context.fillRect(x - 1, y - 7, context.measureText(text).width + 2, 14);
      context.fillStyle = ink;
      context.fillText(text, x, y);
    }
  }

  private nearest({ x, y }: Point): ParallelRun | null {
    let best: ParallelRun | null = null;
    let away = NEAR_PIXELS;
    for (const run of this.data.runs) {
      const distance = Math.abs(this.heightAt(run, x) - y);
      if (distance < away) {
        away = distance;
        best = run;
      }
    }
    return best;
  }

  private heightAt({ places }: ParallelRun, x: number): number {
    const { left, width } = this.plot;
    const at = ((x - left) / width) * (places.length - 1);
    const i = Math.min(places.length - 2, Math.max(0, Math.floor(at)));
    return this.placeY(places[i] + (places[i + 1] - places[i]) * (at - i));
  }
}

function describe({ axes, runs }: ParallelData, { brushes, selected }: ParallelOptions): string {
  const names = axes.map(({ label }) => label).join(', ');
  const all = `Parallel coordinates of ${counted(runs.length, 'run')} over ${names}.`;
  if (!selected) return all;
  const chosen = axes.flatMap(({ label }, i) => {
    const brush = brushes[i];
    return brush ? [`${label} ${describeBrush(brush)}`] : [];
  });
  const inside = runs.filter(({ id }) => selected.has(id)).map(({ label }) => label);
  return `${all} Selected by ${chosen.join(', ')}: ${inside.join(', ') || 'none'}.`;
}

function labelsOf(axis: ParallelAxis): [share: number, text: string][] {
  const { range, words } = axis;
  if (range)
    return [
      [0, formatPlain(range[0])],
      [1, formatPlain(range[1])],
    ];
  return words.map((word) => [placeOfWord(axis, word), word]);
}

function notesOf({ runs }: ParallelData): Note[] {
  const cut = runs.filter(({ places }) => places.some(Number.isNaN)).length;
  const text = `${cut} of ${counted(runs.length, 'run')} lack some of the values`;
  return cut > 0 ? [{ text, tone: 'plain' }] : [];
}
