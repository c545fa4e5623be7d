/** What trainings called `alert()` for, marked on the curves of their runs at their step. */

import { formatShort } from '../../math/numbers';
import { nearestIndex } from '../../math/search';
import type { AlertMark } from '../../model/types';
import { circle } from '../surface';
import { colorOf, theme } from '../theme';
import type { DrawnLine } from './drawnLine';
import type { Plane } from './lineDrawing';

const REACH_PIXELS = 5;
const SIDE_PIXELS = 5;

const COLORS: Record<AlertMark['level'], string> = {
  INFO: '--ink2',
  WARN: '--warn',
  ERROR: '--bad',
};
const WORDS: Record<AlertMark['level'], string> = {
  INFO: 'info',
  WARN: 'warning',
  ERROR: 'error',
};

const isOf = ({ line }: DrawnLine, mark: AlertMark): boolean =>
  line.id === mark.line || line.beside === mark.line;

/** A dashed line up from the curve to a triangle over the plot, in the colour of its level. */
export function paintAlerts(
  context: CanvasRenderingContext2D,
  marks: AlertMark[],
  lines: DrawnLine[],
  plane: Plane,
): void {
  const ratio = devicePixelRatio || 1;
  for (const mark of marks) {
    const x = plane.x(mark.x);
    const own = lines.filter((item) => isOf(item, mark));
    if (own.length === 0 || !(x >= plane.box.left && x <= plane.box.left + plane.box.width))
      continue;
    const heights = own.map((item) => heightAt(item, mark.x, plane));
    paintMark(context, x, Math.max(...heights), { mark, plane, ratio });
    for (const y of heights) circle(context, x, y, 3 * ratio, colorOf(COLORS[mark.level]));
  }
}

/** Pixel of the curve there; where it has no number, the bottom of the plot. */
function heightAt({ line, smoothed }: DrawnLine, x: number, { box, y }: Plane): number {
  const at = nearestIndex(line.x, x);
  const found = at < 0 ? Number.NaN : y(smoothed[at]);
  const inside = found >= box.top && found <= box.top + box.height;
  return inside ? found : box.top + box.height;
}

interface Place {
  mark: AlertMark;
  plane: Plane;
  ratio: number;
}

function paintMark(
  context: CanvasRenderingContext2D,
  x: number,
  bottom: number,
  { mark, plane, ratio }: Place,
): void {
  const { top } = plane.box;
  const side = SIDE_PIXELS * ratio;
  context.strokeStyle = colorOf(COLORS[mark.level]);
  context.lineWidth = ratio;
  context.setLineDash([2 * ratio, 3 * ratio]);
  context.beginPath();
  context.moveTo(x, top + side);
  context.lineTo(x, bottom);
  context.stroke();
  context.setLineDash([]);
  context.fillStyle = colorOf(COLORS[mark.level]);
  context.beginPath();
  context.moveTo(x - side, top);
  context.lineTo(x + side, top);
  context.lineTo(x, top + 1.4 * side);
  context.closePath();
  context.fill();
  context.strokeStyle = theme().bg;
  context.stroke();
}

/** Those within reach of a pixel of x, in words. */
export function alertText(
  marks: AlertMark[],
  lines: DrawnLine[],
  pixel: number,
  toX: (x: number) => number,
): string {
  const near = marks.filter((mark) => Math.abs(toX(mark.x) - pixel) <= REACH_PIXELS);
  const words = near.flatMap((mark) => {
    const own = lines.find((item) => isOf(item, mark));
    if (!own) return [];
    const whose = lines.length > 1 ? ` in ${own.line.label}` : '';
    return [`alert: ${mark.title} (${WORDS[mark.level]})${whose}`];
  });
  return words.length > 3 ? `${formatShort(words.length)} alerts` : words.join(' · ');
}
