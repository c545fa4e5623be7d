/** Pictures of panels as files: PNG of any panel's canvases, SVG of lines. */

import { lineSvg } from '../../charts/lines/lineSvg';
import { circle } from '../../charts/surface';
import { theme } from '../../charts/theme';
import type { Line } from '../../model/types';
import { cascaded } from '../lines/cascade';
import { xKind } from '../lines/lines';
import { drawnPanel } from '../panels';
import { saveBlob } from '../runs/download';
import { logX } from '../view/view';

const TITLE_PIXELS = 32;
const PADDING = 12;

const fileName = (key: string, ending: string): string => `${key.replaceAll('/', '_')}.${ending}`;

/** The canvases of a panel over each other, under its name and its legend. */
export function downloadPng(panel: Element, key: string): void {
  const plot = panel.querySelector('.plot')!;
  const names = namesOf(panel);
  const bounds = plot.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  const picture = document.createElement('canvas');
  const top = TITLE_PIXELS + names.height;
  picture.width = (bounds.width + 2 * PADDING) * ratio;
  picture.height = (bounds.height + top + PADDING) * ratio;
  const context = picture.getContext('2d')!;
  context.scale(ratio, ratio);
  context.fillStyle = theme().bg;
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = theme().ink;
  context.font = theme().font.replace('11px', '600 13px');
  context.fillText(key, PADDING, 20);
  for (const canvas of plot.querySelectorAll('canvas')) {
    const { left, top: y, width, height } = canvas.getBoundingClientRect();
    const x = left - bounds.left + PADDING;
    context.drawImage(canvas, x, y - bounds.top + top, width, height);
  }
  context.font = theme().font;
  for (const name of names.shown) paintName(context, name);
  picture.toBlob((blob) => blob && saveBlob(fileName(key, 'png'), blob), 'image/png');
}

/** A name of the legend, where it stands on the page below the panel's title. */
interface LegendName {
  text: string;
  color: string;
  dash: number[];
  x: number;
  y: number;
}

function namesOf(panel: Element): { shown: LegendName[]; height: number } {
  const legend = panel.querySelector('.legend, .linelegend');
  if (!legend) return { shown: [], height: 0 };
  const { left, top, bottom } = legend.getBoundingClientRect();
  const shown = [...legend.children].flatMap((name) => {
    const place = name.getBoundingClientRect();
    if (place.top >= bottom) return [];
    const parts = [...name.querySelectorAll('.ell, .dim')];
    const line = name.querySelector('line');
    const dot = name.querySelector('.dot');
    return [
      {
        text: (parts.length > 0 ? parts : [name]).map((part) => part.textContent).join('  '),
        color: line
          ? getComputedStyle(line).stroke
          : dot
            ? getComputedStyle(dot).backgroundColor
            : '',
        dash: (line?.getAttribute('stroke-dasharray') ?? '').split(' ').filter(Boolean).map(Number),
        x: place.left - left + PADDING,
        y: place.top - top + place.height / 2 + TITLE_PIXELS,
      },
    ];
  });
  return { shown, height: bottom - top + 4 };
}

const STROKE_PIXELS = 18;

function paintName(
  context: CanvasRenderingContext2D,
  { text, color, dash, x, y }: LegendName,
): void {
  context.textBaseline = 'middle';
  context.fillStyle = theme().ink2;
  context.fillText(text, x + (dash.length > 0 ? STROKE_PIXELS + 6 : 14), y);
  if (!color) return;
  if (dash.length === 0) {
    circle(context, x + 4, y, 4, color);
    return;
  }
  context.strokeStyle = color;
  context.lineWidth = 2;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + STROKE_PIXELS, y);
  context.stroke();
  context.setLineDash([]);
}

interface DrawnLines {
  x: [number, number];
  y: [number, number];
  lines: {
    id: string;
    label: string;
    x: number[];
    smoothed: number[];
    min: number[];
    max: number[];
  }[];
}

export function downloadSvg(
  id: string,
  key: string,
  x: string,
  lines: Line[],
  yLog: boolean,
): void {
  const drawn = drawnPanel(id)?.data as DrawnLines | null | undefined;
  if (!drawn?.lines) return;
  const styles = new Map(lines.map((line) => [line.id, line]));
  const svg = lineSvg({
    title: key,
    kind: xKind(x).kind,
    xLog: xIsLog(id),
    yLog,
    x: drawn.x,
    y: drawn.y,
    lines: drawn.lines.map((line) => ({
      ...line,
      color: styles.get(line.id)?.color ?? '--ink2',
      dash: styles.get(line.id)?.dash ?? [],
    })),
  });
  saveBlob(fileName(key, 'svg'), new Blob([svg], { type: 'image/svg+xml' }));
}

const xIsLog = (id: string): boolean => logX(cascaded(id));
