/** Quantiles and statistics of a histogram, from its magnitude histogram where there is one. */

import type { Histogram } from '../model/types';
import { finestPieces, massOf, nonFinite, type Pieces } from './histogram';

/**
 * Values below which the given shares (ascending, 0..1) of the mass lie, evenly spread within each
 * piece. NaN where there is no mass.
 */
export function quantiles(pieces: Pieces, shares: number[]): number[] {
  const mass = massOf(pieces);
  if (!(mass > 0)) return shares.map(() => Number.NaN);
  const out: number[] = [];
  let piece = 0;
  let before = 0;
  for (const share of shares) {
    const target = share * mass;
    while (piece < pieces.mass.length - 1 && before + pieces.mass[piece] < target) {
      before += pieces.mass[piece];
      piece++;
    }
    out.push(within(pieces, piece, target - before));
  }
  return out;
}

function within({ from, to, mass }: Pieces, piece: number, wanted: number): number {
  if (!(mass[piece] > 0)) return from[piece];
  const share = Math.min(1, Math.max(0, wanted / mass[piece]));
  return from[piece] + (to[piece] - from[piece]) * share;
}

const BAND_SHARES = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1];

/** min, 5, 25, 50, 75, 95 and 100 % of one event; the ends are exact. */
export function percentileBand(h: Histogram): number[] {
  const band = quantiles(finestPieces(h), BAND_SHARES);
  if (h.n > 0) {
    band[0] = h.lo;
    band[BAND_SHARES.length - 1] = h.hi;
  }
  return band;
}

export interface Statistics {
  n: number;
  min: number;
  p5: number;
  median: number;
  p95: number;
  max: number;
  mean: number;
  std: number;
  zeros: number;
  nonFinite: number;
  /** Where the percentiles come from: `bins` may be far off for heavy tails. */
  source: 'magnitude' | 'bins';
}

/** Statistics of one event; NaN where it has no finite value. */
export function statistics(h: Histogram): Statistics {
  const empty = !(h.n > 0);
  const [p5, median, p95] = quantiles(finestPieces(h), [0.05, 0.5, 0.95]);
  const mean = h.total / h.n;
  return {
    n: h.n,
    min: empty ? Number.NaN : h.lo,
    p5,
    median,
    p95,
    max: empty ? Number.NaN : h.hi,
    mean: empty ? Number.NaN : mean,
    std: empty ? Number.NaN : Math.sqrt(Math.max(0, h.squares / h.n - mean * mean)),
    zeros: h.zeros,
    nonFinite: nonFinite(h),
    source: h.magnitude ? 'magnitude' : 'bins',
  };
}

/** One quantile from the bins; makes nothing but the number, as there are hundreds of events. */
function binQuantile({ counts, edges, lo, hi, n }: Histogram, share: number): number {
  const width = (hi - lo) / counts.length;
  let left = share * n;
  for (let i = 0; i < counts.length; i++) {
    if (left <= counts[i] && counts[i] > 0) {
      const part = left / counts[i];
      return edges ? edges[i] + part * (edges[i + 1] - edges[i]) : lo + (i + part) * width;
    }
    left -= counts[i];
  }
  return hi;
}

const EVENT_SHARE = 0.9986;
const EVENTS_SHARE = 0.99;
/** An event has exploded that makes the range this many times as wide. */
const EXPLODED = 5;

/**
 * The value range a histogram view opens with: it holds 99.86 % of the mass of each event, for
 * 99 % of the events. Nearly symmetric ranges are made symmetric, so that 0 stands in the middle.
 */
export function defaultRange(histograms: Histogram[]): [number, number] {
  const lows: number[] = [];
  const highs: number[] = [];
  const tail = (1 - EVENT_SHARE) / 2;
  for (const histogram of histograms) {
    if (!(histogram.n > 0)) continue;
    lows.push(binQuantile(histogram, tail));
    highs.push(binQuantile(histogram, 1 - tail));
  }
  if (lows.length === 0) return [-1, 1];
  lows.sort((a, b) => b - a);
  highs.sort((a, b) => a - b);
  const last = Math.min(lows.length - 1, Math.ceil(lows.length * EVENTS_SHARE) - 1);
  return withoutExploded(lows, highs, last);
}

/** Of few events 99 % are all of them: one that is far wider than the others is left out then. */
function withoutExploded(lows: number[], highs: number[], last: number): [number, number] {
  const whole = opened(lows[last], highs[last]);
  if (last < lows.length - 1 || last < 2) return whole;
  const rest = opened(lows[last - 1], highs[last - 1]);
  return whole[1] - whole[0] > EXPLODED * (rest[1] - rest[0]) ? rest : whole;
}

/** The range of all values of all events. */
export function fullRange(histograms: Histogram[]): [number, number] {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const histogram of histograms) {
    if (!(histogram.n > 0)) continue;
    lo = Math.min(lo, histogram.lo);
    hi = Math.max(hi, histogram.hi);
  }
  return lo <= hi ? opened(lo, hi) : [-1, 1];
}

function opened(lo: number, hi: number): [number, number] {
  if (!(hi > lo)) {
    const half = lo === 0 ? 1 : Math.abs(lo);
    return [lo - half, lo + half];
  }
  const [a, b] = [Math.abs(lo), Math.abs(hi)];
  if (lo < 0 && hi > 0 && Math.min(a, b) > 0.5 * Math.max(a, b)) {
    const half = Math.max(a, b) * 1.05;
    return [-half, half];
  }
  const room = 0.04 * (hi - lo);
  return [lo >= 0 && lo - room < 0 ? lo : lo - room, hi <= 0 && hi + room > 0 ? hi : hi + room];
}

/** The size at which a symlog axis turns from linear to logarithmic: the median of |x|. */
export function symlogCore(histograms: Histogram[], largest: number): number {
  const cores: number[] = [];
  for (const histogram of histograms) {
    const size = typicalSize(finestPieces(histogram));
    if (size > 0) cores.push(size);
  }
  cores.sort((a, b) => a - b);
  const core = cores.length > 0 ? cores[Math.floor(cores.length / 2)] : largest / 100;
  return Math.min(largest / 10, Math.max(largest * 1e-7, core));
}

function typicalSize({ from, to, mass }: Pieces): number {
  const sizes: [number, number][] = [];
  let total = 0;
  for (let i = 0; i < mass.length; i++) {
    const size = Math.abs(from[i] + to[i]) / 2;
    if (size === 0 || mass[i] === 0) continue;
    sizes.push([size, mass[i]]);
    total += mass[i];
  }
  sizes.sort((a, b) => a[0] - b[0]);
  let below = 0;
  for (const [size, part] of sizes) {
    below += part;
    if (below >= 0.5 * total) return size;
  }
  return 0;
}
