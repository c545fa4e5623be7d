/** Texts, axes and lines that could not be told from the page behind them take the page's ink. */

import { luminance, parseHex, type Rgb } from '../math/color';

type Tokens = Record<string, string>;
type Tree = Record<string, unknown>;

/** WCAG contrast below which texts, and lines, are hard to see. */
const TEXT_CONTRAST = 3;
const LINE_CONTRAST = 1.5;
const BACKGROUNDS = ['paper_bgcolor', 'plot_bgcolor', 'bgcolor'];
const LINES = ['linecolor', 'tickcolor', 'arrowcolor', 'bordercolor'];
const INKED = ['line', 'marker', 'error_x', 'error_y'];

/** A copy of a trace or layout; of large arrays only the reference. */
export function legible<Part extends object>(part: Part, tokens: Tokens, dark: boolean): Part {
  return walked(part as Tree, '', tokens, dark) as Part;
}

function walked(tree: Tree, name: string, tokens: Tokens, dark: boolean): Tree {
  const entries = Object.entries(tree).flatMap(([key, value]) => {
    if (BACKGROUNDS.includes(key) && isForeign(value, dark)) return [];
    return [[key, changed(key, value, name, tokens, dark)]];
  });
  return Object.fromEntries(entries);
}

function changed(key: string, value: unknown, name: string, tokens: Tokens, dark: boolean) {
  if (typeof value === 'string') return ink(key, value, name, tokens);
  if (Array.isArray(value)) {
    const trees = value.length > 0 && value.every(isTree);
    return trees ? value.map((one) => walked(one, key, tokens, dark)) : value;
  }
  return isTree(value) ? walked(value, key, tokens, dark) : value;
}

function ink(key: string, color: string, name: string, tokens: Tokens): string {
  const isText = key === 'color' && /font$/.test(name);
  const isLine = LINES.includes(key) || (key === 'color' && INKED.includes(name));
  if (!isText && !isLine) return color;
  const least = isText ? TEXT_CONTRAST : LINE_CONTRAST;
  return contrast(color, tokens.bg) < least ? tokens.ink2 : color;
}

/** A light sheet on a dark page, or a dark one on a light page. */
function isForeign(value: unknown, dark: boolean): boolean {
  const color = typeof value === 'string' ? rgb(value) : null;
  return color !== null && luminance(color) > 0.4 === dark;
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !('bdata' in value) &&
  !ArrayBuffer.isView(value);

/** What is seen through is not judged. */
function rgb(color: string): Rgb | null {
  const parts = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)(?:[\s,/]+([\d.]+))?/.exec(color);
  if (parts && Number(parts[4] ?? 1) > 0.5) return [1, 2, 3].map((i) => Number(parts[i])) as Rgb;
  return parseHex(NAMES[color.toLowerCase()] ?? color);
}

const NAMES: Record<string, string> = { black: '#000000', white: '#ffffff', k: '#000000' };

function contrast(color: string, behind: string): number {
  const [over, under] = [rgb(color), rgb(behind)];
  if (!over || !under) return TEXT_CONTRAST;
  const [less, more] = [luminance(over), luminance(under)].sort((a, b) => a - b);
  return (more + 0.05) / (less + 0.05);
}
