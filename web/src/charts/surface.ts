/** A canvas measured in CSS pixels, sharp on every screen, and the marks that all charts share. */

import { textOn } from '../math/color';
import { SvgContext } from './svgContext';
import { colorOf, rgbOf, theme } from './theme';

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const surfaces = new WeakMap<Element, Surface>();

/**
 * What `paint` draws on the surfaces of these canvases, as SVG of that many units to a CSS pixel,
 * instead of as pixels.
 */
export function asSvg(canvases: Element[], ratio: number, paint: () => void): string[] {
  const found = canvases.map((canvas) => surfaces.get(canvas)!);
  for (const surface of found) surface.record(new SvgContext(), ratio);
  try {
    paint();
    return found.map((surface) => surface.recorded());
  } finally {
    for (const surface of found) surface.record(null, ratio);
  }
}

export class Surface {
  readonly canvas = document.createElement('canvas');
  private readonly pixels = this.canvas.getContext('2d')!;
  context = this.pixels;
  private svg: SvgContext | null = null;
  width = 0;
  height = 0;
  private ratio = 0;

  constructor(host: HTMLElement, floats: boolean) {
    this.canvas.className = floats ? 'chart-canvas chart-over' : 'chart-canvas';
    host.append(this.canvas);
    surfaces.set(this.canvas, this);
  }

  /** What is drawn from now on is written as SVG, or as pixels again. */
  record(svg: SvgContext | null, ratio: number): void {
    this.svg = svg;
    this.context = svg ? (svg as unknown as CanvasRenderingContext2D) : this.pixels;
    svg?.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  recorded(): string {
    return this.svg?.svg() ?? '';
  }

  /** Empty, in this size (CSS pixels) and sharp on the window's screen. */
  prepare(width: number, height: number): void {
    const ratio = devicePixelRatio || 1;
    if (width === this.width && height === this.height && ratio === this.ratio) {
      this.clear();
      return;
    }
    this.width = width;
    this.height = height;
    this.ratio = ratio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.svg?.forget();
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  clear(): void {
    this.context.clearRect(0, 0, this.width, this.height);
  }
}

/** Runs `draw` clipped to the box. */
export function clipped(context: CanvasRenderingContext2D, box: Box, draw: () => void): void {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  draw();
  context.restore();
}

/** Hairline of the hovered (55 %) or pinned (full) moment. */
export function crosshair(
  context: CanvasRenderingContext2D,
  x: number,
  box: Box,
  pinned: boolean,
): void {
  context.globalAlpha = pinned ? 1 : 0.55;
  context.fillStyle = theme().cross;
  context.fillRect(Math.round(x), box.top, 1, box.height);
  context.globalAlpha = 1;
}

/** A point on a line, ringed with paper. */
export function dot(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  color: string,
  radius = 3.5,
): void {
  circle(context, x, y, radius + 1.5, theme().bg);
  circle(context, x, y, radius, colorOf(color));
}

/** An exact extreme: a ring. */
export function ring(context: CanvasRenderingContext2D, x: number, y: number, color: string): void {
  circle(context, x, y, 5, colorOf(color));
  circle(context, x, y, 3.5, theme().bg);
}

export function circle(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  fill: string,
): void {
  context.fillStyle = fill;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** x mark of non-finite values, on the baseline. */
export function nonFiniteMark(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  color: string,
): void {
  for (const [stroke, width] of [
    [theme().bg, 4],
    [colorOf(color), 2],
  ] as const) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x - 3.5, y - 3.5);
    context.lineTo(x + 3.5, y + 3.5);
    context.moveTo(x + 3.5, y - 3.5);
    context.lineTo(x - 3.5, y + 3.5);
    context.stroke();
  }
}

/** Pixels from..to that a label takes on its axis. */
export type Span = [from: number, to: number];

/** x as a dark pill under the plot, centred on it; labels it touches are covered whole. */
export function pillBelow(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  top: number,
  limit: number,
  labels: Span[],
): void {
  const { bg, font } = theme();
  context.font = font;
  const width = pillWidth(context, text);
  const left = Math.min(limit - width, Math.max(0, x - width / 2));
  let from = left - 4;
  let to = left + width + 4;
  for (const [start, end] of labels) {
    if (end < left - 4 || start > left + width + 4) continue;
    from = Math.min(from, start - 1);
    to = Math.max(to, end + 1);
  }
  context.fillStyle = bg;
  context.fillRect(from, top - 1, to - from, 18);
  paintPill(context, text, left, top, width);
}

/** A value as a dark pill left of the plot, ending at x and centred on y. */
export function pillLeft(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
): void {
  context.font = theme().font;
  const width = pillWidth(context, text);
  paintPill(context, text, Math.max(0, x - width), y - 8, width);
}

function pillWidth(context: CanvasRenderingContext2D, text: string): number {
  return Math.ceil(context.measureText(text).width) + 10;
}

function paintPill(
  context: CanvasRenderingContext2D,
  text: string,
  left: number,
  top: number,
  width: number,
): void {
  const { ink, bg } = theme();
  context.fillStyle = ink;
  rounded(context, left, top, width, 16);
  context.fillStyle = bg;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.fillText(text, left + 5, top + 8.5);
}

/** Flag of a pin above the plot, in the run's colour. */
export function flag(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  top: number,
  color: string,
): void {
  context.font = theme().font;
  const width = Math.ceil(context.measureText(text).width) + 10;
  context.fillStyle = colorOf(color);
  rounded(context, Math.round(x - width / 2), top, width, 16);
  context.fillStyle = textOn(rgbOf(color));
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(text, x, top + 8.5);
}

function rounded(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  context.beginPath();
  context.roundRect(x, y, width, height, 3);
  context.fill();
}

/** Fills a box with 45-degree strokes: non-finite values, never a ramp colour. */
export function hatch(context: CanvasRenderingContext2D, box: Box): void {
  clipped(context, box, () => {
    context.strokeStyle = theme().bad;
    context.lineWidth = 1;
    context.beginPath();
    const end = box.left + box.width;
    for (let x = Math.floor((box.left - box.height) / 4) * 4; x < end; x += 4) {
      context.moveTo(x, box.top + box.height);
      context.lineTo(x + box.height, box.top);
    }
    context.stroke();
  });
}
