/** The legend of a picture: the names that the panel on the page shows, in rows of their own. */

import { circle } from '../../charts/surface';
import { colorOf, theme } from '../../charts/theme';

/** A line of this colour and dash; of no dash: a dot; of no colour: words alone. */
export interface PictureName {
  label: string;
  color: string;
  dash?: number[];
}

const STROKE_PIXELS = 18;
const DOT_PIXELS = 14;
const GAP_PIXELS = 12;
export const ROW_PIXELS = 18;
const MOST_NAMED = 60;

type Placed = PictureName & { x: number; row: number };

export interface Names {
  placed: Placed[];
  height: number;
}

/** The names in the panel's legend, or whose the panel is, or else these. */
export function namesOf(panel: Element, otherwise: PictureName[]): PictureName[] {
  const legend = panel.querySelector('.legend, .linelegend');
  if (legend) return [...legend.children].map(nameIn);
  const owner = panel.querySelector('.panelhead .owner');
  return owner && otherwise.length === 0 ? [nameIn(owner)] : otherwise;
}

function nameIn(element: Element): PictureName {
  const parts = [...element.querySelectorAll('.ell:not(.headtail .ell), .dim')];
  const label = (parts.length > 0 ? parts : [element]).map((part) => part.textContent).join('  ');
  const line = element.querySelector('line');
  const dot = element.querySelector('.dot');
  if (line) {
    const dash = line.getAttribute('stroke-dasharray') ?? '';
    const lengths = dash.split(' ').filter(Boolean).map(Number);
    return { label, color: getComputedStyle(line).stroke, dash: lengths };
  }
  return { label, color: dot ? getComputedStyle(dot).backgroundColor : '' };
}

const markWidth = ({ color, dash }: PictureName): number =>
  color ? (dash ? STROKE_PIXELS + 6 : DOT_PIXELS) : 0;

/** One after the other, in as many rows as the width asks for. */
export function placedNames(names: PictureName[], width: number): Names {
  const context = document.createElement('canvas').getContext('2d')!;
  context.font = theme().font;
  const rest = names.length - MOST_NAMED;
  const shown = names.slice(0, MOST_NAMED);
  if (rest > 0) shown.push({ label: `+ ${rest}`, color: '' });
  let [x, row] = [0, 0];
  const placed = shown.map((name): Placed => {
    const wide = markWidth(name) + context.measureText(name.label).width + GAP_PIXELS;
    if (x > 0 && x + wide > width) [x, row] = [0, row + 1];
    x += wide;
    return { ...name, x: x - wide, row };
  });
  return { placed, height: placed.length > 0 ? (row + 1) * ROW_PIXELS + 4 : 0 };
}

export function paintNames(
  context: CanvasRenderingContext2D,
  { placed }: Names,
  corner: { x: number; y: number },
): void {
  for (const name of placed) {
    const x = corner.x + name.x;
    const y = corner.y + (name.row + 0.5) * ROW_PIXELS;
    context.font = theme().font;
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.fillStyle = theme().ink2;
    context.fillText(name.label, x + markWidth(name), y);
    if (name.color) paintMark(context, name, x, y);
  }
}

function paintMark(
  context: CanvasRenderingContext2D,
  { color, dash }: PictureName,
  x: number,
  y: number,
): void {
  if (!dash) {
    circle(context, x + 4, y, 4, colorOf(color));
    return;
  }
  context.strokeStyle = colorOf(color);
  context.lineWidth = 2;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + STROKE_PIXELS, y);
  context.stroke();
  context.setLineDash([]);
}
