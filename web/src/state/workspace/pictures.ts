/** Pictures of panels as files: PNG as fine as is wanted and SVG, in the page's size or a chosen one. */

import { asSvg } from '../../charts/surface';
import { SvgContext } from '../../charts/svgContext';
import { theme } from '../../charts/theme';
import type { AxisTitles } from '../../model/types';
import { paintAnew, type Size } from '../panels';
import { saveBlob } from '../runs/download';
import { type Names, namesOf, type PictureName, paintNames, placedNames } from './pictureNames';

const TITLE_PIXELS = 32;
const PADDING = 12;
/** Room of an axis' name. */
const AXIS_PIXELS = 16;
/** Pixels that an SVG has for one of the page where something in it is made of pixels. */
const SVG_RATIO = 3;

export interface Picture {
  panel(): Element;
  title: string;
  /** Names of its legend, where the panel shows none. */
  names?: PictureName[];
  /** What the axes are called, where the chart doesn't say it itself. */
  axes?: AxisTitles;
}

const fileName = (key: string, ending: string): string => `${key.replaceAll('/', '_')}.${ending}`;

/**
 * Runs `make` while charts are drawn with this many pixels to one of the page. Charts ask the
 * browser for that number, as they do on a screen that is finer: so here it says what is wanted.
 */
function atScale(scale: number, make: () => void): void {
  const own = Object.getOwnPropertyDescriptor(window, 'devicePixelRatio');
  Object.defineProperty(window, 'devicePixelRatio', { configurable: true, value: scale });
  try {
    make();
  } finally {
    if (own) Object.defineProperty(window, 'devicePixelRatio', own);
    else Reflect.deleteProperty(window, 'devicePixelRatio');
  }
}

/** Where everything of a picture is, in CSS pixels. */
interface Sheet {
  picture: Picture;
  plots: PlacedPlot[];
  names: Names;
  size: Size;
  /** Corner of the charts. */
  left: number;
  top: number;
}

interface PlacedPlot {
  element: Element;
  x: number;
  y: number;
  size: Size;
  /** Whose it is, where a panel has several. */
  owner: PictureName | null;
}

/** Of the wanted size, which is that of the whole picture; a panel of several charts has its own. */
function layOut(picture: Picture, wanted: Size | null): Sheet {
  const panel = picture.panel();
  const plots = plotsOf(panel);
  const right = Math.max(...plots.map(({ x, size }) => x + size.width));
  const bottom = Math.max(...plots.map(({ y, size }) => y + size.height));
  const left = PADDING + (picture.axes?.y ? AXIS_PIXELS : 0);
  const below = PADDING + (picture.axes?.x ? AXIS_PIXELS : 0);
  const chosen = plots.length === 1 ? wanted : null;
  const width = chosen?.width ?? right + left + PADDING;
  const names = placedNames(namesOf(panel, picture.names ?? []), width - 2 * PADDING);
  const top = TITLE_PIXELS + names.height;
  const height = chosen?.height ?? bottom + top + below;
  if (chosen) plots[0].size = roomFor(chosen, left + PADDING, top + below);
  return { picture, plots, names, size: { width, height }, left, top };
}

const roomFor = ({ width, height }: Size, across: number, down: number): Size => ({
  width: Math.max(40, width - across),
  height: Math.max(40, height - down),
});

function plotsOf(panel: Element): PlacedPlot[] {
  const found = [...panel.querySelectorAll('.plot')];
  const several = found.length > 1;
  const boxes = found.map((plot) => plot.getBoundingClientRect());
  const [x0, y0] = [Math.min(...boxes.map((b) => b.left)), Math.min(...boxes.map((b) => b.top))];
  return found.map((element, i) => {
    const { left, top, width, height } = boxes[i];
    const owner = several ? element.closest('section')?.querySelector('.owner') : null;
    const named = owner ? { label: owner.textContent ?? '', color: '' } : null;
    return { element, x: left - x0, y: top - y0, size: { width, height }, owner: named };
  });
}

export function downloadPng(picture: Picture, scale: number, wanted: Size | null): void {
  const sheet = layOut(picture, wanted);
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(sheet.size.width * scale);
  canvas.height = Math.round(sheet.size.height * scale);
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  paintFrame(context, sheet);
  atScale(scale, () => {
    for (const plot of sheet.plots) paintPixels(context, sheet, plot);
  });
  for (const { element } of sheet.plots) paintAnew(element);
  const save = (blob: Blob | null) => blob && saveBlob(fileName(picture.title, 'png'), blob);
  canvas.toBlob(save, 'image/png');
}

/** The canvases of a chart over each other. */
function paintPixels(context: CanvasRenderingContext2D, sheet: Sheet, plot: PlacedPlot): void {
  paintAnew(plot.element, plot.size);
  for (const { canvas, x, y } of canvasesOf(sheet, plot)) {
    const { width, height } = canvas.style;
    context.drawImage(canvas, x, y, parseFloat(width), parseFloat(height));
  }
}

function canvasesOf({ left, top }: Sheet, { element, x, y }: PlacedPlot) {
  const corner = element.getBoundingClientRect();
  return [...element.querySelectorAll('canvas')].map((canvas) => {
    const box = canvas.getBoundingClientRect();
    return { canvas, x: left + x + box.left - corner.left, y: top + y + box.top - corner.top };
  });
}

export function downloadSvg(picture: Picture, wanted: Size | null): void {
  const sheet = layOut(picture, wanted);
  const context = new SvgContext();
  paintFrame(context as unknown as CanvasRenderingContext2D, sheet);
  for (const plot of sheet.plots) embed(context, sheet, plot);
  for (const { element } of sheet.plots) paintAnew(element);
  const { width, height } = sheet.size;
  const box = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${box}>${context.svg()}</svg>`;
  saveBlob(fileName(picture.title, 'svg'), new Blob([svg], { type: 'image/svg+xml' }));
}

function embed(context: SvgContext, sheet: Sheet, plot: PlacedPlot): void {
  const placed = canvasesOf(sheet, plot);
  let parts: string[] = [];
  atScale(SVG_RATIO, () => {
    const canvases = placed.map(({ canvas }) => canvas);
    parts = asSvg(canvases, SVG_RATIO, () => paintAnew(plot.element, plot.size));
  });
  for (const [i, part] of parts.entries()) {
    context.embed(part, placed[i].x, placed[i].y, 1 / SVG_RATIO);
  }
}

/** All but the charts: paper, title, scale of colours, legend and the names of the axes. */
function paintFrame(context: CanvasRenderingContext2D, sheet: Sheet): void {
  const { picture, names, size } = sheet;
  context.fillStyle = theme().bg;
  context.fillRect(0, 0, size.width, size.height);
  context.fillStyle = theme().ink;
  context.textBaseline = 'alphabetic';
  context.textAlign = 'left';
  context.font = theme().font.replace('11px', '600 13px');
  context.fillText(picture.title, PADDING, 20);
  paintScale(context, picture, PADDING + context.measureText(picture.title).width + PADDING);
  paintNames(context, names, { x: PADDING, y: TITLE_PIXELS });
  for (const plot of sheet.plots) paintOwner(context, sheet, plot);
  paintAxes(context, sheet);
}

function paintOwner(context: CanvasRenderingContext2D, sheet: Sheet, plot: PlacedPlot): void {
  if (!plot.owner) return;
  context.fillStyle = theme().ink2;
  context.textBaseline = 'bottom';
  context.textAlign = 'left';
  context.fillText(plot.owner.label, sheet.left + plot.x, sheet.top + plot.y - 2);
}

/** What the colours of a heatmap or layer map mean, beside the title. */
function paintScale(context: CanvasRenderingContext2D, { panel }: Picture, x: number): void {
  const words = panel().querySelector('.panelhead .scale')?.getAttribute('title');
  if (!words) return;
  context.font = theme().font;
  context.fillStyle = theme().ink2;
  context.fillText(words, x, 20);
}

function paintAxes(context: CanvasRenderingContext2D, { picture, size, top }: Sheet): void {
  const { x = '', y = '' } = picture.axes ?? {};
  context.font = theme().font;
  context.fillStyle = theme().ink3;
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  context.fillText(x, size.width / 2, size.height - PADDING / 2 - AXIS_PIXELS / 2);
  context.save();
  context.translate(PADDING, (top + size.height) / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(y, 0, 0);
  context.restore();
}
