/** Numbers as text, by the design's rules: 4 significant digits, U+2212 for minus, words for NaN. */

const MINUS = '−';
const SCIENTIFIC_BELOW = 1e-3;
const SCIENTIFIC_FROM = 1e6;

function withMinus(text: string): string {
  return text.replaceAll('-', MINUS);
}

function nonFiniteWord(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '∞' : `${MINUS}∞`;
}

function scientific(value: number, digits: number): string {
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
  return withMinus(`${dropZeros(mantissa)}e${exponent.replace('+', '')}`);
}

function dropZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function needsExponent(value: number): boolean {
  const size = Math.abs(value);
  return size !== 0 && (size < SCIENTIFIC_BELOW || size >= SCIENTIFIC_FROM);
}

/**
 * A value of a metric or tensor: `0.8830`, `1.200e−5` as `1.2e−5`, `11,010.5`, `NaN`, `−∞`; null is
 * `–`. Great ones are written in full where the digits reach their last place.
 */
export function formatValue(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return '–';
  if (!Number.isFinite(value)) return nonFiniteWord(value);
  if (value === 0) return '0';
  const places = Math.floor(Math.log10(Math.abs(value))) + 1;
  const isRead = places <= digits || digits > MOST_SCIENTIFIC;
  if (needsExponent(value) && !(places > 1 && places <= MOST_PLACES && isRead)) {
    return scientific(value, digits);
  }
  if (Number.isInteger(value)) return withMinus(grouped(String(value)));
  if (places < 1) return withMinus(value.toPrecision(digits));
  if (places < MOST_UNGROUPED)
    return withMinus(grouped(value.toFixed(Math.max(0, digits - places))));
  return withMinus(grouped(dropZeros(value.toFixed(Math.max(1, digits - places)))));
}

/** A value as it was set, without zeros at the end: `0.001`, `11,010.5`. */
export function formatPlain(value: number, digits = 4): string {
  const text = formatValue(value, digits);
  return text.includes('e') ? text : dropZeros(text);
}

/** Digits before the point that are still written in full. */
const MOST_PLACES = 15;
/** From so many digits before the point on thousands have commas. */
const MOST_UNGROUPED = 5;
const MOST_DIGITS = 16;
/** A value is told apart from what lies so little of the axis away: about a pixel. */
const PARTS_OF_AXIS = 200;

/** Digits for values from `lo` to `hi`, so that those which lie apart read apart. */
export function digitsOn(lo: number, hi: number, least = 4): number {
  const ratio = Math.max(Math.abs(lo), Math.abs(hi)) / ((hi - lo) / PARTS_OF_AXIS);
  if (!(hi > lo) || !Number.isFinite(ratio)) return least;
  return Math.min(MOST_DIGITS, Math.max(least, Math.ceil(Math.log10(ratio))));
}

/** Commas between thousands, from five digits on. */
function grouped(text: string): string {
  const [whole, rest] = text.split('.');
  if (whole.replace('-', '').length < MOST_UNGROUPED) return text;
  const commas = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return rest ? `${commas}.${rest}` : commas;
}

/** All digits of a number, for a title attribute or a copy. */
export function formatExact(value: number): string {
  return Number.isFinite(value) ? withMinus(String(value)) : nonFiniteWord(value);
}

/** A count or a step in full: `1,593,464`. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return nonFiniteWord(value);
  const rounded = Math.round(value * 100) / 100;
  if (Math.abs(rounded) >= 1e21) return withMinus(rounded.toLocaleString('en-US'));
  // The first toLocaleString of a page takes 20 ms.
  const [whole, rest] = String(rounded).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ',');
  return withMinus(rest ? `${grouped}.${rest}` : grouped);
}

/** How many of what: `1 row`, `1,204 rows`. */
export const counted = (count: number, noun: string): string =>
  `${formatCount(count)} ${count === 1 ? noun : `${noun}s`}`;

/** `1st`, `2nd`, `13th`. */
export function ordinal(rank: number): string {
  const teen = rank % 100 >= 11 && rank % 100 <= 13;
  return `${formatCount(rank)}${(teen ? '' : ['', 'st', 'nd', 'rd'][rank % 10]) || 'th'}`;
}

const SI_UNITS: [number, string][] = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** A count or a step in short: `1.59M`, `250k`, `12`. */
export function formatShort(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return nonFiniteWord(value);
  const size = Math.abs(value);
  for (const [unit, letter] of SI_UNITS) {
    const scaled = Number((size / unit).toPrecision(digits));
    if (scaled >= 1) return `${value < 0 ? MINUS : ''}${scaled}${letter}`;
  }
  if (size !== 0 && size < SCIENTIFIC_BELOW) return scientific(value, digits);
  return withMinus(String(Number(value.toPrecision(digits))));
}

/** A share as per cent: `0.02 %`, `64.3 %`, `< 0.01 %`. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return '–';
  const percent = share * 100;
  if (percent > 0 && percent < 0.01) return '< 0.01 %';
  if (percent < 100 && percent > 99.99) return '> 99.99 %';
  return `${Number(percent.toPrecision(3))} %`;
}

/** A change in per cent, with sign: `−67.7 %`. */
export function formatChange(change: number): string {
  if (!Number.isFinite(change)) return '–';
  const sign = change > 0 ? '+' : '';
  return withMinus(`${sign}${(change * 100).toFixed(1)} %`);
}

const pad = (value: number): string => String(value).padStart(2, '0');

/** Two units: `1d 5h`, `14h 08m`, `41m 09s`, `9.2s`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 0) return `${MINUS}${formatDuration(-seconds)}`;
  if (seconds < 10) return `${Number(seconds.toFixed(seconds < 1 ? 2 : 1))}s`;
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  const hours = Math.floor(whole / 3600);
  if (hours < 24) return `${hours}h ${pad(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** A moment in local time: `21 Nov, 09:12`; with the year where it is not the year of `now`. */
export function formatDate(timeUs: number, now = new Date()): string {
  const date = new Date(timeUs / 1000);
  if (Number.isNaN(date.getTime())) return '–';
  const year = date.getFullYear() === now.getFullYear() ? '' : ` ${date.getFullYear()}`;
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  return `${date.getDate()} ${MONTHS[date.getMonth()]}${year}, ${clock}`;
}

/** The same in full, for titles and files: `21 Nov 2026, 09:12:05`. */
export function formatMoment(timeUs: number): string {
  const date = new Date(timeUs / 1000);
  if (Number.isNaN(date.getTime())) return '–';
  return `${formatDay(timeUs)} ${date.getFullYear()}, ${formatClock(timeUs, true)}`;
}

/** Local time of day, with seconds where `seconds`. */
export function formatClock(timeUs: number, seconds: boolean): string {
  const date = new Date(timeUs / 1000);
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  return seconds ? `${clock}:${pad(date.getSeconds())}` : clock;
}

/** Day and month in local time: `21 Nov`. */
export function formatDay(timeUs: number): string {
  const date = new Date(timeUs / 1000);
  return `${date.getDate()} ${MONTHS[date.getMonth()]}`;
}

/** Labels of one axis: they share decimals, or the exponent form where one of them needs it. */
export function formatAxisValues(values: number[]): string[] {
  const sizes = values.map(Math.abs).filter((size) => size > 0);
  if (sizes.length === 0) return values.map((value) => formatShort(value));
  const largest = Math.max(...sizes);
  const gap = smallestGap(values, largest);
  const places = Math.floor(Math.log10(largest)) + 1;
  const digits = decimalsOf(gap / 10 ** (places - 1)) + 1;
  const long = digits > MOST_SCIENTIFIC && places > 0 && places <= MOST_PLACES;
  if (!long && (largest >= SCIENTIFIC_FROM || largest < SCIENTIFIC_BELOW)) {
    return scientificLabels(values, largest, gap);
  }
  const decimals = decimalsOf(gap);
  return values.map((value) => (value === 0 ? '0' : withMinus(grouped(value.toFixed(decimals)))));
}

/** Numbers of more digits than these are read more easily in full. */
const MOST_SCIENTIFIC = 6;

/** Exponent form with as many digits as the gap between the labels asks for. */
function scientificLabels(values: number[], largest: number, gap: number): string[] {
  const exponent = Math.floor(Math.log10(largest));
  const decimals = decimalsOf(gap / 10 ** exponent);
  return values.map((value) => {
    if (value === 0) return '0';
    const digits = Math.floor(Math.log10(Math.abs(value))) - exponent + decimals + 1;
    return scientific(value, Math.min(MOST_DIGITS, Math.max(1, digits)));
  });
}

function smallestGap(values: number[], fallback: number): number {
  let gap = fallback;
  for (let i = 1; i < values.length; i++) {
    const step = Math.abs(values[i] - values[i - 1]);
    if (step > 0 && step < gap) gap = step;
  }
  return gap;
}

/** Decimals that show multiples of `step` in full, e.g. 2 for 0.25. */
function decimalsOf(step: number): number {
  for (let decimals = 0; decimals < MOST_DIGITS; decimals++) {
    const scaled = step * 10 ** decimals;
    // a gap of neighbours far from 0 has few digits itself
    if (Math.abs(scaled - Math.round(scaled)) < 1e-4 * scaled) return decimals;
  }
  return MOST_DIGITS;
}
