/** Colours of runs and of counts. Values live in the style sheet; here are names and mixing. */

export const PALETTE_SIZE = 12;
const DASHES: number[][] = [[], [6, 4], [2, 3]];

/** Custom property that holds the colour of a run's slot; slots go round. */
export function runColor(slot: number): string {
  return `--c${((slot % PALETTE_SIZE) + PALETTE_SIZE) % PALETTE_SIZE}`;
}

/** From the 13th slot on the palette repeats dashed, then dotted. */
export function runDash(slot: number): number[] {
  return DASHES[Math.floor(Math.max(0, slot) / PALETTE_SIZE) % DASHES.length];
}

const METRIC_DASHES: number[][] = [[], [6, 4], [2, 3], [8, 3, 2, 3]];

/** How lines of several metrics differ: of one run by colour, of several runs by dash. */
export function metricLook(
  at: number,
  runs: number,
  own: { slot: number; color: string },
): { color: string; dash: number[] } {
  if (runs === 1) return { color: at === 0 ? own.color : runColor(own.slot + at), dash: [] };
  return { color: own.color, dash: METRIC_DASHES[at % METRIC_DASHES.length] };
}

export type Rgb = [number, number, number];

/** Parses `#rgb` and `#rrggbb`; null for other forms. */
export function parseHex(color: string): Rgb | null {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(color.trim())?.[1];
  if (!digits) return null;
  const full = digits.length === 3 ? digits.replace(/./g, '$&$&') : digits;
  const value = Number.parseInt(full, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Linear in sRGB: a at 0, b at 1. */
export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return [0, 1, 2].map((i) => Math.round(a[i] + (b[i] - a[i]) * share)) as Rgb;
}

export function toCss([r, g, b]: Rgb, alpha = 1): string {
  return alpha === 1 ? `rgb(${r},${g},${b})` : `rgba(${r},${g},${b},${alpha})`;
}

/** WCAG relative luminance, 0..1. */
export function luminance(color: Rgb): number {
  const [r, g, b] = color.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black or white text on this colour. */
export function textOn(color: Rgb): string {
  return luminance(color) > 0.2 ? '#101316' : '#ffffff';
}

export const RAMP_STEPS = 256;

/** Colour table as RGBA words (little endian), linear in sRGB between the stops. */
export function rampTable(stops: Rgb[]): Uint32Array {
  const table = new Uint32Array(RAMP_STEPS);
  for (let i = 0; i < RAMP_STEPS; i++) {
    const position = (i / (RAMP_STEPS - 1)) * (stops.length - 1);
    const stop = Math.min(stops.length - 2, Math.floor(position));
    const [r, g, b] = mix(stops[stop], stops[stop + 1], position - stop);
    table[i] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  }
  return table;
}
