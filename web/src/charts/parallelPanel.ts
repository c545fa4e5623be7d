/** Parallel coordinates: an axis for each value, a line for each run through all of its values. */

import { formatShort } from '../math/numbers';
import { Frame, type FrameOwner, type Point } from './frame';
import { colorOf, fade, theme } from './theme';
import type { Callbacks, Chart, Moment, Note } from './types';

export interface ParallelAxis {
  label: string;
  /** Ends of a numeric axis; null for an axis of words. */
  range: [number, number] | null;
  words: string[];
}

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
}

const TOP = 30;
const BOTTOM = 14;
const SIDE = 52;
const NEAR_PIXELS = 8;

export class ParallelPanel implements Chart<ParallelData, ParallelOptions>, FrameOwner {
  private readonly frame: Frame;
  private data: ParallelData = { axes: [], runs: [] };
  private highlighted: string | null = null;
  private hovered: ParallelRun | null = null;
  private notes: Note[] = [];

  constructor(
    host: HTMLElement,
    private readonly callbacks: Callbacks = {},
  ) {
    this.frame = new Frame(host, this);
  }

  set(data: ParallelData, { highlighted }: ParallelOptions): void {
    this.data = data;
    this.highlighted = highlighted;
    const cut = data.runs.filter(({ places }) => places.some(Number.isNaN)).length;
    const text = `${cut} of ${data.runs.length} runs lack some of the values`;
    this.notes = cut > 0 ? [{ text, tone: 'plain' }] : [];
    this.callbacks.onNotes?.(this.notes);
    const names = data.axes.map(({ label }) => label).join(', ');
    this.frame.label(`Parallel coordinates of ${data.runs.length} runs over ${names}.`);
    this.frame.paint();
  }

  resize(width: number, height: number): void {
    this.frame.resize(width, height);
  }

  /** Runs have no moment. */
  showMoment(_moment: Moment | null): void {}

  drawn() {
    return { kind: 'parallel', axes: this.data.axes, runs: this.data.runs };
  }

  destroy(): void {
    this.frame.destroy();
  }

  paint(): void {
    const { width, height } = this.frame;
    this.frame.box = {
      left: SIDE,
      top: TOP,
      width: Math.max(1, width - 2 * SIDE),
      height: Math.max(1, height - TOP - BOTTOM),
    };
    const { context } = this.frame.base;
    const alpha = this.data.runs.length > 12 ? 0.6 : 0.9;
    for (const run of this.data.runs) {
      const away = this.highlighted !== null && this.highlighted !== run.id;
      this.paintRun(context, run, fade(run.color, away ? 0.2 : alpha), 1.25);
    }
    for (const [i, axis] of this.data.axes.entries()) this.paintAxis(context, axis, i);
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

  onHover(point: Point | null): void {
    const hovered = point && this.nearest(point);
    if (hovered === this.hovered) return;
    this.hovered = hovered;
    this.callbacks.onNearest?.(hovered?.id ?? null);
    this.frame.paintOver();
  }

  private axisX(i: number): number {
    const { left, width } = this.frame.box;
    return left + (this.data.axes.length > 1 ? i / (this.data.axes.length - 1) : 0.5) * width;
  }

  private placeY(share: number): number {
    const { top, height } = this.frame.box;
    return top + (1 - share) * height;
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
    const { top, height } = this.frame.box;
    const { line2, ink2, ink3, font } = theme();
    context.fillStyle = line2;
    context.fillRect(x, top, 1, height);
    context.font = font;
    context.textAlign = 'center';
    context.textBaseline = 'alphabetic';
    context.fillStyle = ink2;
    const room = this.frame.box.width / Math.max(1, this.data.axes.length - 1) - 8;
    context.fillText(axis.label, x, top - 16, Math.max(40, room));
    context.fillStyle = ink3;
    for (const [share, text] of labelsOf(axis)) {
      context.fillText(
        text,
        x,
        share === 1 ? top - 4 : this.placeY(share) + (share === 0 ? 11 : 3),
      );
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
    const { left, width } = this.frame.box;
    const at = ((x - left) / width) * (places.length - 1);
    const i = Math.min(places.length - 2, Math.max(0, Math.floor(at)));
    return this.placeY(places[i] + (places[i + 1] - places[i]) * (at - i));
  }
}

function labelsOf({ range, words }: ParallelAxis): [share: number, text: string][] {
  if (range)
    return [
      [0, formatShort(range[0])],
      [1, formatShort(range[1])],
    ];
  return words.map((word, i) => [words.length > 1 ? i / (words.length - 1) : 0.5, word]);
}
