/** A line panel as an SVG document: the same axes, bands and lines as on the canvas. */

import { formatValue } from '../../math/numbers';
import { LINEAR } from '../../math/scale';
import type { Ticks } from '../../math/ticks';
import type { XKind } from '../../model/types';
import { logValueTicks, mappedTicks, xTicks } from '../axes';
import { colorOf, theme } from '../theme';

interface SvgLine {
  label: string;
  color: string;
  dash: number[];
  x: ArrayLike<number>;
  smoothed: ArrayLike<number>;
  min: ArrayLike<number>;
  max: ArrayLike<number>;
}

export interface SvgPicture {
  title: string;
  kind: XKind;
  xLog: boolean;
  yLog: boolean;
  x: [number, number];
  y: [number, number];
  lines: SvgLine[];
}

const SIZE = { width: 720, height: 360 };
const MARGIN = { left: 64, right: 16, top: 36, bottom: 28 };
const LEGEND_ROW = 16;

type Place = (value: number) => number;

export function lineSvg(picture: SvgPicture): string {
  const { bg, ink } = theme();
  const height = SIZE.height + picture.lines.length * LEGEND_ROW;
  const x = placed(picture.x, picture.xLog, MARGIN.left, SIZE.width - MARGIN.right);
  const y = placed(picture.y, picture.yLog, SIZE.height - MARGIN.bottom, MARGIN.top);
  const parts = [
    `<rect width="100%" height="100%" fill="${bg}"/>`,
    text(MARGIN.left, 22, picture.title, `fill="${ink}" font-weight="600" font-size="13"`),
    ...axes(picture, x, y),
    `<clipPath id="plot"><rect x="${MARGIN.left}" y="${MARGIN.top}" width="${
      SIZE.width - MARGIN.left - MARGIN.right
    }" height="${SIZE.height - MARGIN.top - MARGIN.bottom}"/></clipPath>`,
    `<g clip-path="url(#plot)">${picture.lines.map((line) => band(line, x, y) + path(line, x, y)).join('')}</g>`,
    ...picture.lines.map(legend),
  ];
  const head = `xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${height}"`;
  return `<svg ${head} font-family="system-ui, sans-serif" font-size="11">${parts.join('')}</svg>`;
}

function placed([lo, hi]: [number, number], log: boolean, from: number, to: number): Place {
  if (!log) return (value) => from + ((value - lo) / (hi - lo)) * (to - from);
  const span = Math.log(hi / lo);
  return (value) => (value > 0 ? from + (Math.log(value / lo) / span) * (to - from) : Number.NaN);
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

const text = (x: number, y: number, words: string, more: string): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(words)}</text>`;

function axes(picture: SvgPicture, x: Place, y: Place): string[] {
  const { grid, line2, ink3 } = theme();
  const right = SIZE.width - MARGIN.right;
  const bottom = SIZE.height - MARGIN.bottom;
  const high = bottom - MARGIN.top;
  const wide = right - MARGIN.left;
  const yTicks: Ticks = picture.yLog
    ? logValueTicks(...picture.y, high)
    : mappedTicks(...picture.y, high, LINEAR);
  const across = xTicks(picture.kind, picture.xLog, ...picture.x, wide);
  const line = (at: number) =>
    `<path d="M${MARGIN.left} ${at.toFixed(1)}H${right}" stroke="${grid}"/>`;
  return [
    ...yTicks.values.map((value) => line(y(value))),
    ...yTicks.values.map((value, i) =>
      text(MARGIN.left - 6, y(value) + 4, yTicks.labels[i], `fill="${ink3}" text-anchor="end"`),
    ),
    `<path d="M${MARGIN.left} ${bottom}H${right}" stroke="${line2}"/>`,
    ...across.values.map((value, i) =>
      text(x(value), bottom + 16, across.labels[i], `fill="${ink3}" text-anchor="middle"`),
    ),
  ];
}

/** Points of the path; NaN lifts the pen. */
function points(xs: ArrayLike<number>, ys: ArrayLike<number>, x: Place, y: Place): string {
  let pen = 'M';
  let path = '';
  for (let i = 0; i < xs.length; i++) {
    const [px, py] = [x(xs[i]), y(ys[i])];
    if (!Number.isFinite(px) || !Number.isFinite(py)) {
      pen = 'M';
      continue;
    }
    path += `${pen}${px.toFixed(1)} ${py.toFixed(1)}`;
    pen = 'L';
  }
  return path;
}

function path(line: SvgLine, x: Place, y: Place): string {
  const dash = line.dash.length > 0 ? ` stroke-dasharray="${line.dash.join(' ')}"` : '';
  const d = points(line.x, line.smoothed, x, y);
  return `<path d="${d}" fill="none" stroke="${colorOf(line.color)}" stroke-width="1.5"${dash}/>`;
}

function band({ x: xs, min, max, color }: SvgLine, x: Place, y: Place): string {
  const finite = Array.from(xs, (_, i) => i).filter(
    (i) => Number.isFinite(min[i]) && Number.isFinite(max[i]),
  );
  if (!finite.some((i) => max[i] > min[i])) return '';
  const up = finite.map((i) => `${x(xs[i]).toFixed(1)} ${y(max[i]).toFixed(1)}`);
  const down = finite.map((i) => `${x(xs[i]).toFixed(1)} ${y(min[i]).toFixed(1)}`).reverse();
  return `<path d="M${[...up, ...down].join('L')}Z" fill="${colorOf(color)}" fill-opacity="0.14"/>`;
}

function legend({ label, color, smoothed }: SvgLine, row: number): string {
  const at = SIZE.height + row * LEGEND_ROW + 4;
  const last = smoothed.length > 0 ? ` ${formatValue(smoothed[smoothed.length - 1])}` : '';
  const dot = `<circle cx="${MARGIN.left + 4}" cy="${at}" r="4" fill="${colorOf(color)}"/>`;
  return dot + text(MARGIN.left + 14, at + 4, label + last, `fill="${theme().ink2}"`);
}
