/**
 * A drawing context that writes SVG instead of pixels: what charts draw on a canvas they draw on
 * it, so that every chart is a picture of lines and letters. It has what our charts use.
 */

import { IDENTITY, type Matrix, rounded, SvgPath, scaleOf, times } from './svgPath';

/** What `save` keeps and `restore` gives back. */
const KEPT = [
  ...(['matrix', 'bounds', 'dash', 'fillStyle', 'strokeStyle', 'lineWidth', 'lineJoin'] as const),
  ...(['globalAlpha', 'font', 'textAlign', 'textBaseline', 'imageSmoothingEnabled'] as const),
];
type Kept = Pick<SvgContext, (typeof KEPT)[number]>;

const ANCHORS: Record<string, string> = { center: 'middle', right: 'end', end: 'end' };
/** Share of the font's size from the baseline of SVG, which is that of letters. */
const BASELINES: Record<string, number> = { middle: 0.35, top: 0.8, hanging: 0.8, bottom: -0.22 };
const FONT = /^(?:(\w+) )?([\d.]+)px (.*)$/;

let lastClip = 0;

export const escaped = (words: string): string =>
  words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

export class SvgContext {
  private parts: string[] = [];
  private readonly path = new SvgPath();
  private readonly kept: Kept[] = [];
  matrix: Matrix = IDENTITY;
  /** Name of what bounds it; empty: nothing does. */
  bounds = '';
  dash: number[] = [];
  fillStyle = '#000';
  strokeStyle = '#000';
  lineWidth = 1;
  lineJoin = 'miter';
  globalAlpha = 1;
  font = '10px sans-serif';
  textAlign = 'left';
  textBaseline = 'alphabetic';
  imageSmoothingEnabled = true;
  private readonly measure = document.createElement('canvas').getContext('2d')!;

  /** What was drawn since the last `forget`. */
  svg(): string {
    return this.parts.join('');
  }

  forget(): void {
    this.parts = [];
  }

  /** Parts of another picture at this place, so much smaller. */
  embed(svg: string, x: number, y: number, scale: number): void {
    const [a, , , , e, f] = times(this.matrix, [scale, 0, 0, scale, x, y]);
    this.parts.push(
      `<g transform="translate(${rounded(e)} ${rounded(f)}) scale(${a.toFixed(5)})">${svg}</g>`,
    );
  }

  save(): void {
    this.kept.push(Object.fromEntries(KEPT.map((name) => [name, this[name]])) as Kept);
  }

  restore(): void {
    Object.assign(this, this.kept.pop());
  }

  setTransform(...matrix: Matrix): void {
    this.matrix = matrix;
  }

  translate(x: number, y: number): void {
    this.matrix = times(this.matrix, [1, 0, 0, 1, x, y]);
  }

  scale(x: number, y: number): void {
    this.matrix = times(this.matrix, [x, 0, 0, y, 0, 0]);
  }

  rotate(angle: number): void {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.matrix = times(this.matrix, [cos, sin, -sin, cos, 0, 0]);
  }

  beginPath(): void {
    this.path.begin();
  }

  closePath(): void {
    this.path.close();
  }

  moveTo(x: number, y: number): void {
    this.path.move(this.matrix, x, y);
  }

  lineTo(x: number, y: number): void {
    this.path.line(this.matrix, x, y);
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.path.rect(this.matrix, x, y, width, height);
  }

  arc(x: number, y: number, radius: number, from: number, to: number): void {
    this.path.arc(this.matrix, x, y, radius, from, to);
  }

  roundRect(x: number, y: number, width: number, height: number, radius: number): void {
    const { matrix } = this;
    const quarter = Math.PI / 2;
    const r = Math.min(radius, width / 2, height / 2);
    const [right, bottom] = [x + width, y + height];
    this.path.move(matrix, x, y + r);
    this.path.arc(matrix, x + r, y + r, r, 2 * quarter, 3 * quarter);
    this.path.arc(matrix, right - r, y + r, r, 3 * quarter, 4 * quarter);
    this.path.arc(matrix, right - r, bottom - r, r, 0, quarter);
    this.path.arc(matrix, x + r, bottom - r, r, quarter, 2 * quarter);
    this.path.close();
  }

  clip(): void {
    const id = `clip${++lastClip}`;
    const d = `<path d="${this.path.text()}"/>`;
    this.parts.push(`<clipPath id="${id}"${this.clipped()}>${d}</clipPath>`);
    this.bounds = id;
  }

  fill(): void {
    this.write(this.path.text(), `fill="${this.fillStyle}"`);
  }

  stroke(): void {
    this.write(this.path.text(), `fill="none" ${this.pen()}`);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.write(this.rectPath(x, y, width, height), `fill="${this.fillStyle}"`);
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.write(this.rectPath(x, y, width, height), `fill="none" ${this.pen()}`);
  }

  /** Charts clear all of a surface or nothing. */
  clearRect(): void {
    this.forget();
  }

  fillText(words: string, x: number, y: number): void {
    this.letters(words, x, y, `fill="${this.fillStyle}"`);
  }

  strokeText(words: string, x: number, y: number): void {
    this.letters(words, x, y, `fill="none" ${this.pen()}`);
  }

  measureText(words: string): TextMetrics {
    this.measure.font = this.font;
    return this.measure.measureText(words);
  }

  setLineDash(dash: number[]): void {
    this.dash = dash;
  }

  /** The image, or a part of it, as pixels of its own. */
  drawImage(source: HTMLCanvasElement, ...place: number[]): void {
    const whole = [0, 0, source.width, source.height];
    const [sx, sy, sw, sh, x, y, width, height] = place.length > 4 ? place : [...whole, ...place];
    const part = document.createElement('canvas');
    [part.width, part.height] = [Math.max(1, sw), Math.max(1, sh)];
    part.getContext('2d')!.drawImage(source, sx, sy, sw, sh, 0, 0, sw, sh);
    const { matrix, imageSmoothingEnabled } = this;
    const [a, , , d, e, f] = times(matrix, [1, 0, 0, 1, x, y]);
    const size = `x="${rounded(e)}" y="${rounded(f)}" width="${rounded(width * a)}" height="${rounded(height * d)}"`;
    const look = imageSmoothingEnabled ? '' : ' style="image-rendering:pixelated"';
    this.parts.push(
      `<image ${size}${look} preserveAspectRatio="none"${this.clipped()} href="${part.toDataURL()}"/>`,
    );
  }

  private rectPath(x: number, y: number, width: number, height: number): string {
    const path = new SvgPath();
    path.rect(this.matrix, x, y, width, height);
    return path.text();
  }

  private write(d: string, look: string): void {
    if (d && !d.includes('NaN')) this.parts.push(`<path d="${d}" ${look}${this.see()}/>`);
  }

  private letters(words: string, x: number, y: number, look: string): void {
    const [, weight, size, family] = FONT.exec(this.font) ?? [];
    const { textAlign, textBaseline } = this;
    const anchor = ANCHORS[textAlign] ? ` text-anchor="${ANCHORS[textAlign]}"` : '';
    const down = y + (BASELINES[textBaseline] ?? 0) * Number(size);
    const bold = weight ? ` font-weight="${weight}"` : '';
    const font = `font-size="${size}"${bold} font-family="${escaped(family)}"`;
    const place = `transform="matrix(${this.matrix.map(rounded).join(' ')})" x="${rounded(x)}" y="${rounded(down)}"`;
    const clip = this.bounds ? `<g${this.clipped()}>` : '';
    this.parts.push(
      `${clip}<text ${place} ${font}${anchor} ${look}${this.opacity()}>${escaped(words)}</text>${clip && '</g>'}`,
    );
  }

  private pen(): string {
    const { strokeStyle, lineWidth, lineJoin, dash, matrix } = this;
    const scale = scaleOf(matrix);
    const dashes = dash.map((length) => rounded(length * scale)).join(' ');
    const dashed = dashes ? ` stroke-dasharray="${dashes}"` : '';
    return `stroke="${strokeStyle}" stroke-width="${rounded(lineWidth * scale)}" stroke-linejoin="${lineJoin}"${dashed}`;
  }

  private see(): string {
    return this.opacity() + this.clipped();
  }

  private opacity(): string {
    return this.globalAlpha < 1 ? ` opacity="${rounded(this.globalAlpha)}"` : '';
  }

  private clipped(): string {
    return this.bounds ? ` clip-path="url(#${this.bounds})"` : '';
  }
}
