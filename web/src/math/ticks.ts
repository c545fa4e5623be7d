/** Positions of axis labels, and axis bounds that rarely move. */

import {
  formatAxisValues,
  formatClock,
  formatCount,
  formatDate,
  formatDay,
  formatDuration,
  formatShort,
} from './numbers';
import type { ValueMap } from './scale';

export interface Ticks {
  values: number[];
  labels: string[];
}

/** The nice step (1, 2 or 5 times a power of ten) nearest to `rough`. */
export function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const ratio = rough / power;
  const factor = ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10;
  return factor * power;
}

/** Multiples of `step` in [lo, hi]. */
export function multiples(lo: number, hi: number, step: number): number[] {
  const values: number[] = [];
  const slack = step * 1e-6;
  const first = Math.ceil((lo - slack) / step);
  const last = Math.floor((hi + slack) / step);
  for (let i = first; i <= last && values.length < 1000; i++) {
    values.push(i === 0 ? 0 : Number((i * step).toPrecision(15)));
  }
  return values;
}

/** About `count` nice values in [lo, hi]; the single value where the range is empty. */
function linearTicks(lo: number, hi: number, count: number): number[] {
  if (!(hi > lo)) return Number.isFinite(lo) ? [lo] : [];
  return multiples(lo, hi, niceStep((hi - lo) / Math.max(1, count)));
}

/** 1, 2, 5 of each decade where there is room, else powers of ten, else every k-th of them. */
export function logTicks(lo: number, hi: number, count: number): number[] {
  if (!(lo > 0) || !(hi > lo)) return lo > 0 ? [lo] : [];
  const decades = Math.log10(hi / lo);
  if (decades < 0.7) return linearTicks(lo, hi, count);
  const from = Math.floor(Math.log10(lo));
  const to = Math.ceil(Math.log10(hi));
  const factors = decades * 3 <= count * 1.3 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / count));
  const values: number[] = [];
  for (let exponent = from; exponent <= to; exponent++) {
    if (factors.length === 1 && exponent % every !== 0) continue;
    for (const factor of factors) values.push(Number((factor * 10 ** exponent).toPrecision(6)));
  }
  return values.filter((value) => value >= lo * (1 - 1e-9) && value <= hi * (1 + 1e-9));
}

/** 0 and powers of ten of both signs, as many as fit. */
export function symlogTicks(lo: number, hi: number, map: ValueMap, count: number): number[] {
  const largest = Math.max(Math.abs(lo), Math.abs(hi));
  if (!(largest > 0)) return [0];
  const top = Math.floor(Math.log10(largest));
  const span = map.forward(hi) - map.forward(lo);
  const apart = span / Math.max(1, count) / 1.2;
  const values = [0];
  let below = Number.POSITIVE_INFINITY;
  for (let exponent = top; exponent > top - 40; exponent--) {
    const position = map.forward(10 ** exponent);
    if (position < apart) break;
    if (below - position < apart) continue;
    below = position;
    values.push(10 ** exponent, -(10 ** exponent));
  }
  return values.filter((value) => value >= lo && value <= hi).sort((a, b) => a - b);
}

const DURATION_STEPS_SECS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800,
  432000, 864000,
];

function durationStep(rough: number): number {
  if (rough < 1) return niceStep(rough);
  return DURATION_STEPS_SECS.find((step) => step >= rough * 0.8) ?? niceStep(rough / 86400) * 86400;
}

function durationLabel(seconds: number, step: number): string {
  if (seconds === 0) return '0';
  if (step < 60)
    return seconds < 60 ? `${Number(seconds.toPrecision(4))}s` : formatDuration(seconds);
  if (step < 3600) {
    const minutes = Math.round(seconds / 60);
    return minutes < 60 ? `${minutes}m` : formatDuration(seconds).replace(' 00m', '');
  }
  return formatDuration(seconds).replace(/ 0[0-9]*[hm]$/, '');
}

/** Ticks of a duration in seconds. */
export function durationTicks(lo: number, hi: number, count: number): Ticks {
  if (!(hi > lo)) return { values: [lo], labels: [formatDuration(lo)] };
  const step = durationStep((hi - lo) / Math.max(1, count));
  const values = multiples(lo, hi, step);
  return { values, labels: values.map((value) => durationLabel(value, step)) };
}

const LOG_DURATIONS_SECS = [
  1e-3, 1e-2, 0.1, 1, 10, 60, 600, 3600, 21600, 86400, 864000, 8640000, 86400000,
];

/** Ticks of a duration on a log axis: seconds, minutes, hours and days where they are round. */
export function logDurationTicks(lo: number, hi: number, count: number): Ticks {
  if (!(lo > 0) || !(hi > lo)) return { values: lo > 0 ? [lo] : [], labels: [formatDuration(lo)] };
  const round = LOG_DURATIONS_SECS.filter((value) => value >= lo * 0.999 && value <= hi * 1.001);
  const values = round.length < 2 ? logTicks(lo, hi, count) : apart(round, lo, hi, count);
  return { values, labels: values.map((value) => roundDuration(value)) };
}

/** As many of them as have room, from the greatest on. */
function apart(values: number[], lo: number, hi: number, count: number): number[] {
  const least = Math.log(hi / lo) / Math.max(1, count);
  const kept: number[] = [];
  for (const value of [...values].reverse()) {
    const next = kept.at(-1);
    if (next === undefined || Math.log(next / value) >= 0.8 * least) kept.push(value);
  }
  return kept.reverse();
}

const roundDuration = (seconds: number): string => formatDuration(seconds).replace(/ 0+[hms]$/, '');

/** Minutes by which local time is behind UTC at a moment, as microseconds. */
const offsetUs = (timeUs: number): number => new Date(timeUs / 1000).getTimezoneOffset() * 60e6;

/** The moment of a local time; one that a change of the clocks leaves out is that of the change. */
function momentOf(localUs: number): number {
  const about = localUs + offsetUs(localUs);
  return localUs + offsetUs(localUs + offsetUs(about));
}

/** Ticks of wall time in microseconds since the epoch, on round local times on both sides of a
 * change of the clocks. */
export function timeTicks(lo: number, hi: number, count: number): Ticks {
  if (!(hi > lo)) return { values: [lo], labels: [formatDate(lo)] };
  const stepUs = durationStep((hi - lo) / 1e6 / Math.max(1, count)) * 1e6;
  const [from, to] = [lo - offsetUs(lo) - HOUR_US, hi - offsetUs(hi) + HOUR_US];
  const local = stepUs >= HOUR_US ? multiples(from, to, stepUs).map(momentOf) : null;
  const plain = () =>
    multiples(lo - offsetUs(lo), hi - offsetUs(lo), stepUs).map((value) => value + offsetUs(lo));
  const values = [...new Set(local ?? plain())].filter((value) => value >= lo && value <= hi);
  return { values, labels: timeLabels(values, stepUs) };
}

/** Times of day; midnight is named by its date, parts of a second by the second alone. */
function timeLabels(values: number[], stepUs: number): string[] {
  if (stepUs < 1e6) return values.map((value) => secondLabel(value, stepUs));
  if (stepUs >= 86400e6) return values.map(formatDay);
  return values.map((value) => {
    const clock = formatClock(value, stepUs < 60e6);
    return clock.startsWith('00:00') && stepUs >= 60e6 ? formatDay(value) : clock;
  });
}

/** `:07.25` */
function secondLabel(timeUs: number, stepUs: number): string {
  const decimals = Math.min(6, Math.ceil(-Math.log10(stepUs / 1e6)) + 1);
  const seconds = Number(((timeUs / 1e6) % 60).toFixed(decimals));
  const [whole, part] = String(seconds).split('.');
  return `:${whole.padStart(2, '0')}${part ? `.${part}` : ''}`;
}

const HOUR_US = 3600e6;

const MOST_SHORT_DIGITS = 3;

/** Ticks of steps or counts: whole numbers in short form, in full where that needs many digits. */
export function stepTicks(lo: number, hi: number, count: number): Ticks {
  const step = hi > lo ? Math.max(1, niceStep((hi - lo) / Math.max(1, count))) : 1;
  const values = hi > lo ? multiples(lo, hi, step) : [lo];
  const digits = shortDigits(values);
  const label = (value: number) =>
    digits > MOST_SHORT_DIGITS ? formatCount(value) : formatShort(value, digits);
  return { values, labels: values.map(label) };
}

function shortDigits(values: number[]): number {
  if (values.length < 2) return 4;
  const largest = Math.max(...values.map(Math.abs));
  const step = Math.abs(values[1] - values[0]);
  return Math.max(3, Math.ceil(Math.log10(largest / step)) + 1);
}

/** Values of a log axis in short form, in full where two of them would read alike. */
export function logLabels(values: number[]): string[] {
  const short = values.map((value) => formatShort(value));
  return new Set(short).size < short.length ? formatAxisValues(values) : short;
}

/** Ticks of values on a linear axis. */
export function valueTicks(lo: number, hi: number, count: number): Ticks {
  const values = linearTicks(lo, hi, count);
  return { values, labels: formatAxisValues(values) };
}

/**
 * Bounds around [lo, hi] on half steps of the axis's ticks, with at least 5 % of room, so that a
 * growing curve rarely moves the axis. An axis of one sign keeps 0 as its bound.
 */
export function niceBounds(lo: number, hi: number, count = 4): [number, number] {
  if (!(hi > lo)) return boundsAround(lo);
  const room = 0.05 * (hi - lo);
  const below = lo >= 0 && lo - room < 0 ? 0 : lo - room;
  const above = hi <= 0 && hi + room > 0 ? 0 : hi + room;
  const step = niceStep((above - below) / count) / 2;
  // + 0 turns -0 into 0
  return [Math.floor(below / step + 1e-9) * step + 0, Math.ceil(above / step - 1e-9) * step + 0];
}

function boundsAround(value: number): [number, number] {
  if (!Number.isFinite(value)) return [0, 1];
  const half = value === 0 ? 1 : Math.abs(value) / 2;
  return [value - half, value + half];
}

/** Bounds around [lo, hi] > 0 on a log axis: the 1, 2, 5 of a decade, with 2 % of the decades. */
export function niceLogBounds(lo: number, hi: number): [number, number] {
  if (!(lo > 0)) return [0.1, 10];
  const room = Math.max(0.02, 0.02 * Math.log10(hi / lo));
  return [onDecade(lo / 10 ** room, Math.floor), onDecade(hi * 10 ** room, Math.ceil)];
}

function onDecade(value: number, round: (x: number) => number): number {
  const exponent = Math.floor(Math.log10(value));
  const ratio = value / 10 ** exponent;
  const factors = [1, 2, 5, 10];
  const up = factors.find((factor) => factor >= ratio - 1e-9) ?? 10;
  const down = [...factors].reverse().find((factor) => factor <= ratio + 1e-9) ?? 1;
  return (round === Math.ceil ? up : down) * 10 ** exponent;
}
