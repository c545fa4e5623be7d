/** Pictures of panels as files: PNG of any panel's canvases, SVG of lines. */

import { lineSvg } from '../charts/lineSvg';
import { theme } from '../charts/theme';
import type { Line } from '../charts/types';
import { saveBlob } from './download';
import { xKind } from './lines';
import { drawnPanel } from './panels';
import { logX, panelSettings } from './view';

const TITLE_PIXELS = 32;
const PADDING = 12;

const fileName = (key: string, ending: string): string => `${key.replaceAll('/', '_')}.${ending}`;

/** The canvases of a panel over each other, under its name. */
export function downloadPng(panel: Element, key: string): void {
  const plot = panel.querySelector('.plot')!;
  const bounds = plot.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  const picture = document.createElement('canvas');
  picture.width = (bounds.width + 2 * PADDING) * ratio;
  picture.height = (bounds.height + TITLE_PIXELS + PADDING) * ratio;
  const context = picture.getContext('2d')!;
  context.scale(ratio, ratio);
  context.fillStyle = theme().bg;
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = theme().ink;
  context.font = theme().font.replace('11px', '600 13px');
  context.fillText(key, PADDING, 20);
  for (const canvas of plot.querySelectorAll('canvas')) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const x = left - bounds.left + PADDING;
    context.drawImage(canvas, x, top - bounds.top + TITLE_PIXELS, width, height);
  }
  picture.toBlob((blob) => blob && saveBlob(fileName(key, 'png'), blob), 'image/png');
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

const xIsLog = (id: string): boolean => logX(panelSettings(id));
