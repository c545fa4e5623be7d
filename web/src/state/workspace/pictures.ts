/** Pictures of panels as files: PNG of any panel's canvases, SVG of lines. */

import { lineSvg } from '../../charts/lines/lineSvg';
import { circle } from '../../charts/surface';
import { colorOf, theme } from '../../charts/theme';
import type { Line } from '../../model/types';
import { cascaded } from '../lines/cascade';
import { xKind } from '../lines/lines';
import { drawnPanel, paintAnew } from '../panels';
import { saveBlob } from '../runs/download';
import { logX } from '../view/view';

const TITLE_PIXELS = 32;
const PADDING = 12;

const fileName = (key: string, ending: string): string => `${key.replaceAll('/', '_')}.${ending}`;

/**
 * Runs `make` while the chart is drawn with this many pixels to one of the page. Charts ask the
 * browser for that number, as they do on a screen that is finer: so here it says what is wanted.
 */
function atScale(plot: Element, scale: number, make: () => void): void {
  const own = Object.getOwnPropertyDescriptor(window, 'devicePixelRatio');
  Object.defineProperty(window, 'devicePixelRatio', { configurable: true, value: scale });
  try {
    paintAnew(plot);
    make();
  } finally {
    if (own) Object.defineProperty(window, 'devicePixelRatio', own);
    else Reflect.deleteProperty(window, 'devicePixelRatio');
    paintAnew(plot);
  }
}

/** What makes the picture of a panel, as fine as the screen and finer, by what the menu calls it. */
export function pngKinds(
  panel: () => Element,
  key: string,
  lines: Line[] = [],
): Record<string, () => void> {
  const finer = (scale: number) => () => {
    const element = panel();
    atScale(element.querySelector('.plot')!, scale, () => downloadPng(element, key, lines));
  };
  return { png: () => downloadPng(panel(), key, lines), '2× png': finer(2), '3× png': finer(3) };
}

/** The canvases of a panel over each other, under its name and its legend. */
function downloadPng(panel: Element, key: string, lines: Line[]): void {
  const plot = panel.querySelector('.plot')!;
  const bounds = plot.getBoundingClientRect();
  const names = namesOf(panel) ?? namesInRows(lines, bounds.width);
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
  paintScale(context, panel, PADDING + context.measureText(key).width + PADDING);
  for (const canvas of plot.querySelectorAll('canvas')) {
    const { left, top: y, width, height } = canvas.getBoundingClientRect();
    const x = left - bounds.left + PADDING;
    context.drawImage(canvas, x, y - bounds.top + top, width, height);
  }
  context.font = theme().font;
  for (const name of names.shown) paintName(context, name);
  picture.toBlob((blob) => blob && saveBlob(fileName(key, 'png'), blob), 'image/png');
}

/** What the colours of a heatmap or layer map mean, beside the title. */
function paintScale(context: CanvasRenderingContext2D, panel: Element, x: number): void {
  const words = panel.querySelector('.panelhead .scale')?.getAttribute('title');
  if (!words) return;
  context.font = theme().font;
  context.fillStyle = theme().ink2;
  context.fillText(words, x, 20);
}

/** A name of the legend, where it stands on the page below the panel's title. */
interface LegendName {
  text: string;
  color: string;
  dash: number[];
  x: number;
  y: number;
}

interface Names {
  shown: LegendName[];
  height: number;
}

function namesOf(panel: Element): Names | null {
  const legend = panel.querySelector('.legend, .linelegend');
  if (!legend) return null;
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
const ROW_PIXELS = 18;
const MOST_NAMED = 24;

/** Where the list of runs is the legend of the page: the same names and colours in the picture. */
function namesInRows(lines: Line[], width: number): Names {
  const context = document.createElement('canvas').getContext('2d')!;
  context.font = theme().font;
  let [x, row] = [0, 0];
  const named = lines.slice(0, MOST_NAMED);
  const rest = lines.length - named.length;
  const shown = named.map(({ label, color, dash }): LegendName => {
    const wide = STROKE_PIXELS + 6 + context.measureText(label).width + 12;
    if (x > 0 && x + wide > width) [x, row] = [0, row + 1];
    const name = {
      text: label,
      color: colorOf(color),
      dash: dash.length > 0 ? dash : [STROKE_PIXELS, 0],
      x: x + PADDING,
      y: TITLE_PIXELS + (row + 0.5) * ROW_PIXELS,
    };
    x += wide;
    return name;
  });
  if (rest > 0) {
    shown.push({
      text: `+ ${rest}`,
      color: '',
      dash: [],
      x: PADDING,
      y: TITLE_PIXELS + ++row * ROW_PIXELS + ROW_PIXELS / 2,
    });
  }
  return { shown, height: shown.length > 0 ? (row + 1) * ROW_PIXELS + 4 : 0 };
}

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
