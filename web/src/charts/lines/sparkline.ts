/** A small line for tables: no axes, gaps where a value is not finite. */

import { colorOf } from '../theme';

export interface SparklineStyle {
  color?: string;
  width: number;
  height: number;
  lineWidth?: number;
}

/** Draws `values`, evenly spaced, over the whole canvas. */
export function drawSparkline(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number | null>,
  { color = '--ink3', width, height, lineWidth = 1 }: SparklineStyle,
): void {
  const context = prepare(canvas, width, height);
  const finite = Array.from(values, (value) => value ?? Number.NaN);
  const known = finite.filter(Number.isFinite);
  if (known.length === 0) return;
  const lo = Math.min(...known);
  const range = Math.max(...known) - lo;
  const x = (i: number) => 1 + ((width - 2) * i) / Math.max(1, finite.length - 1);
  const y = (value: number) =>
    range > 0 ? height - 2 - ((height - 4) * (value - lo)) / range : height / 2;
  context.strokeStyle = colorOf(color);
  context.lineWidth = lineWidth;
  context.lineJoin = 'round';
  context.beginPath();
  let open = false;
  finite.forEach((value, i) => {
    if (!Number.isFinite(value)) open = false;
    else if (open) context.lineTo(x(i), y(value));
    else {
      context.moveTo(x(i), y(value));
      open = true;
    }
  });
  context.stroke();
  if (known.length > 1) return;
  context.fillStyle = colorOf(color);
  context.fillRect(width / 2 - 1, height / 2 - 1, 2, 2);
}

function prepare(canvas: HTMLCanvasElement, width: number, height: number) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
