/** The tokens of the style sheet as canvas colours, and news of what asks for another picture. */

import { parseHex, type Rgb, rampTable } from '../math/color';

export interface Theme {
  dark: boolean;
  font: string;
  bg: string;
  ink: string;
  ink2: string;
  ink3: string;
  grid: string;
  line2: string;
  cross: string;
  ref: string;
  bad: string;
  /** 256 RGBA words from few to many. */
  ramp: Uint32Array;
  /** The same from far below to far above the middle of a scale. */
  twoRamps: Uint32Array;
}

const RAMP_TOKENS = ['--ramp0', '--ramp1', '--ramp2', '--ramp3', '--ramp4'];
const TWO_RAMP_TOKENS = ['--below2', '--below1', '--middle', '--above1', '--above2'];
const FALLBACK: Rgb = [128, 128, 128];

let current: Theme | null = null;
let colors = new Map<string, string>();
let watching = false;
const listeners = new Set<() => void>();

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const rgbOfToken = (name: string): Rgb => parseHex(token(name)) ?? FALLBACK;

function read(): Theme {
  return {
    dark: document.documentElement.dataset.theme === 'dark',
    font: `11px ${token('--font') || 'system-ui, sans-serif'}`,
    bg: token('--bg'),
    ink: token('--ink'),
    ink2: token('--ink2'),
    ink3: token('--ink3'),
    grid: token('--grid'),
    line2: token('--line2'),
    cross: token('--cross'),
    ref: token('--ref'),
    bad: token('--bad'),
    ramp: rampTable(RAMP_TOKENS.map(rgbOfToken)),
    twoRamps: rampTable(TWO_RAMP_TOKENS.map(rgbOfToken)),
  };
}

function forget(): void {
  current = null;
  colors = new Map();
  for (const listener of listeners) listener();
}

function watch(): void {
  if (watching) return;
  watching = true;
  const root = document.documentElement;
  new MutationObserver(forget).observe(root, { attributes: true, attributeFilter: ['data-theme'] });
  watchRatio();
}

/** The window has moved to a screen with other pixels, or is zoomed. */
function watchRatio(): void {
  const now = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
  const onChange = () => {
    watchRatio();
    forget();
  };
  now.addEventListener('change', onChange, { once: true });
}

export function theme(): Theme {
  watch();
  current ??= read();
  return current;
}

/** Calls back after each change of theme or of device pixels until the returned function is called. */
export function onTheme(listener: () => void): () => void {
  watch();
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A CSS colour, or the value of a custom property such as `--c3`. */
export function colorOf(color: string): string {
  if (!color.startsWith('--')) return color;
  let value = colors.get(color);
  if (value === undefined) {
    value = token(color);
    colors.set(color, value);
  }
  return value;
}

export function rgbOf(color: string): Rgb {
  return parseHex(colorOf(color)) ?? parsed(colorOf(color));
}

/** Colours that aren't hexadecimal are converted by the browser: a canvas reads them back. */
function parsed(color: string): Rgb {
  const context = document.createElement('canvas').getContext('2d')!;
  context.fillStyle = color;
  return parseHex(String(context.fillStyle)) ?? FALLBACK;
}

export function fade(color: string, alpha: number): string {
  const [r, g, b] = rgbOf(color);
  return `rgba(${r},${g},${b},${alpha})`;
}

const TOKENS = [
  'bg',
  'bg2',
  'ink',
  'ink2',
  'ink3',
  'grid',
  'line2',
  'accent',
  'ref',
  'font',
  'mono',
];
const SENT_RAMP = [0, 1, 2, 3, 4].map((i) => `ramp${i}`);
const COLOR_TOKENS = Array.from({ length: 12 }, (_, i) => `c${i}`);

/** The tokens of the present theme: the frame has no style sheet of ours. */
export function tokens(): Record<string, string> {
  const style = getComputedStyle(document.documentElement);
  const names = [...TOKENS, ...SENT_RAMP, ...COLOR_TOKENS];
  return Object.fromEntries(
    names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  );
}
