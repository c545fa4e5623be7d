/**
 * The four smoothings of the dashboard, on buckets: x, the mean of the finite values and their
 * count (a raw point has count 1). A bucket without finite values keeps its place as NaN and
 * changes nothing else. A constant series stays exactly constant.
 */

import type { Smoothing } from '../model/types';

export interface SmoothInput {
  x: Float64Array;
  mean: Float64Array;
  /** Finite values in each bucket. */
  count: Float64Array;
  /** Range of x over all the data of the panel, the same for all its lines, zoomed or not. */
  xRange: number;
  /** Mean x distance between the raw points of the whole line. */
  spacing: number;
}

/** The gaussian's window ends at this many sigma. */
const GAUSSIAN_REACH_SIGMAS = 3;
const VIEWPORT_SCALE = 1000;
const NEGLIGIBLE = 1e-4;

export function smooth(kind: Smoothing['kind'], amount: number, input: SmoothInput): Float64Array {
  if (kind === 'none' || isConstant(input.mean)) return input.mean;
  if (kind === 'twema') return timeWeightedEma(input, amount);
  if (kind === 'ema') return ema(input, amount);
  if (kind === 'gaussian') return gaussian(input, amount);
  return runningAverage(input, amount);
}

function isConstant(values: Float64Array): boolean {
  let known = Number.NaN;
  for (const value of values) {
    if (Number.isNaN(value) || value === known) continue;
    if (!Number.isNaN(known)) return false;
    known = value;
  }
  return true;
}

function twemaWeight(amount: number): number {
  return Math.min(Math.sqrt(amount), 0.999);
}

/** W&B's default: the weight of the past falls with the distance in x, not with the points. */
function timeWeightedEma(input: SmoothInput, amount: number): Float64Array {
  const { x, mean, count } = input;
  const logWeight = Math.log(twemaWeight(amount));
  const scale = input.xRange > 0 ? VIEWPORT_SCALE / input.xRange : 0;
  const out = new Float64Array(mean.length);
  let last = 0;
  let debias = 0;
  let previous = Number.NaN;
  for (let i = 0; i < mean.length; i++) {
    const value = mean[i];
    if (!Number.isFinite(value)) {
      out[i] = Number.NaN;
      continue;
    }
    const distance = Number.isNaN(previous) ? 0 : (x[i] - previous) * scale;
    const keep = distance === 0 ? 1 : Math.exp(logWeight * distance);
    last = last * keep + count[i] * value;
    debias = debias * keep + count[i];
    previous = x[i];
    out[i] = last / debias;
  }
  return out;
}

/** Exponential moving average over points, divided by 1 - p^N; p = 1 is the mean so far. */
function ema(input: SmoothInput, amount: number): Float64Array {
  if (amount >= 1) return cumulativeMean(input);
  const { mean, count } = input;
  const out = new Float64Array(mean.length);
  let last = 0;
  let points = 0;
  for (let i = 0; i < mean.length; i++) {
    const value = mean[i];
    if (!Number.isFinite(value)) {
      out[i] = Number.NaN;
      continue;
    }
    const keep = amount ** count[i];
    last = last * keep + (1 - keep) * value;
    points += count[i];
    out[i] = last / (1 - amount ** points);
  }
  return out;
}

function cumulativeMean({ mean, count }: SmoothInput): Float64Array {
  let sum = 0;
  let points = 0;
  return mean.map((value, i) => {
    if (!Number.isFinite(value)) return Number.NaN;
    sum += value * count[i];
    points += count[i];
    return sum / points;
  });
}

/** Weights count * exp(-(xj - xi)^2 / 2 sigma^2) within 3 sigma on both sides. */
function gaussian(input: SmoothInput, amount: number): Float64Array {
  const sigma = amount * input.spacing;
  if (!(sigma > 0)) return input.mean;
  const finite = finiteBuckets(input);
  const step = evenSpacing(finite.x);
  const smoothed = step > 0 ? gaussianOnGrid(finite, sigma, step) : gaussianAnywhere(finite, sigma);
  return scatter(input.mean, smoothed);
}

interface FiniteBuckets {
  x: Float64Array;
  mean: Float64Array;
  count: Float64Array;
}

function finiteBuckets({ x, mean, count }: SmoothInput): FiniteBuckets {
  const keep: number[] = [];
  for (let i = 0; i < mean.length; i++) if (Number.isFinite(mean[i])) keep.push(i);
  if (keep.length === mean.length) return { x, mean, count };
  const pick = (values: Float64Array) => Float64Array.from(keep, (i) => values[i]);
  return { x: pick(x), mean: pick(mean), count: pick(count) };
}

/** Puts the results of the finite buckets back to their places. */
function scatter(mean: Float64Array, smoothed: Float64Array): Float64Array {
  if (smoothed.length === mean.length) return smoothed;
  let next = 0;
  return mean.map((value) => (Number.isFinite(value) ? smoothed[next++] : Number.NaN));
}

/** The distance of neighbours if it is the same everywhere, else 0. */
function evenSpacing(x: Float64Array): number {
  if (x.length < 3) return 0;
  const step = (x[x.length - 1] - x[0]) / (x.length - 1);
  const slack = 1e-9 * Math.abs(step);
  for (let i = 1; i < x.length; i++) if (Math.abs(x[i] - x[i - 1] - step) > slack) return 0;
  return step;
}

function gaussianAnywhere({ x, mean, count }: FiniteBuckets, sigma: number): Float64Array {
  const reach = GAUSSIAN_REACH_SIGMAS * sigma;
  const factor = -0.5 / (sigma * sigma);
  const out = new Float64Array(x.length);
  let from = 0;
  for (let i = 0; i < x.length; i++) {
    while (x[i] - x[from] > reach) from++;
    let sum = 0;
    let weights = 0;
    for (let j = from; j < x.length && x[j] - x[i] <= reach; j++) {
      const distance = x[j] - x[i];
      const weight = count[j] * Math.exp(factor * distance * distance);
      sum += weight * mean[j];
      weights += weight;
    }
    out[i] = sum / weights;
  }
  return out;
}

/** The same on an even grid: the kernel is computed once, which keeps the slider live. */
function gaussianOnGrid({ mean, count }: FiniteBuckets, sigma: number, step: number): Float64Array {
  const reach = Math.floor((GAUSSIAN_REACH_SIGMAS * sigma) / step + 1e-9);
  const kernel = Float64Array.from({ length: Math.min(reach, mean.length) + 1 }, (_, k) =>
    Math.exp((-0.5 * (k * step) ** 2) / (sigma * sigma)),
  );
  const sums = mean.map((value, i) => value * count[i]);
  return mean.map((_, i) => convolve(sums, kernel, i) / convolve(count, kernel, i));
}

function convolve(values: Float64Array, kernel: Float64Array, centre: number): number {
  let sum = values[centre];
  const reach = kernel.length - 1;
  const both = Math.min(reach, centre, values.length - 1 - centre);
  for (let k = 1; k <= both; k++) sum += kernel[k] * (values[centre - k] + values[centre + k]);
  for (let k = both + 1; k <= Math.min(reach, centre); k++) sum += kernel[k] * values[centre - k];
  const right = Math.min(reach, values.length - 1 - centre);
  for (let k = both + 1; k <= right; k++) sum += kernel[k] * values[centre + k];
  return sum;
}

/**
 * Mean of the `points` raw points around each bucket's middle. Buckets lie end to end on an axis
 * of raw points; a window that cuts a bucket takes its share, one that leaves the data is cut.
 */
function runningAverage(input: SmoothInput, points: number): Float64Array {
  const finite = finiteBuckets(input);
  const size = finite.mean.length;
  const before = new Float64Array(size + 1);
  const sums = new Float64Array(size + 1);
  for (let i = 0; i < size; i++) {
    before[i + 1] = before[i] + finite.count[i];
    sums[i + 1] = sums[i] + finite.count[i] * finite.mean[i];
  }
  const half = Math.max(1, points) / 2;
  const out = new Float64Array(size);
  let left = 0;
  let right = 0;
  for (let i = 0; i < size; i++) {
    const centre = before[i] + finite.count[i] / 2;
    const from = Math.max(0, centre - half);
    const to = Math.min(before[size], centre + half);
    while (left < size - 1 && before[left + 1] <= from) left++;
    while (right < size - 1 && before[right + 1] < to) right++;
    const sum =
      sums[right] +
      (to - before[right]) * finite.mean[right] -
      (sums[left] + (from - before[left]) * finite.mean[left]);
    out[i] = sum / (to - from);
  }
  return scatter(input.mean, out);
}

/**
 * How far in x a smoothed value depends on its surroundings: a request for a window is padded by
 * this much, so that zooming does not change what is drawn. `before` may be Infinity.
 */
export function smoothingReach(
  kind: Smoothing['kind'],
  amount: number,
  xRange: number,
  spacing: number,
): { before: number; after: number } {
  if (kind === 'twema' && amount > 0) {
    const steps = Math.log(NEGLIGIBLE) / Math.log(twemaWeight(amount));
    return { before: (steps * xRange) / VIEWPORT_SCALE, after: 0 };
  }
  if (kind === 'ema' && amount > 0) {
    const points = amount < 1 ? Math.log(NEGLIGIBLE) / Math.log(amount) : Number.POSITIVE_INFINITY;
    return { before: points * spacing, after: 0 };
  }
  if (kind === 'gaussian') {
    const reach = GAUSSIAN_REACH_SIGMAS * amount * spacing;
    return { before: reach, after: reach };
  }
  const reach = kind === 'average' ? (amount / 2) * spacing : 0;
  return { before: reach, after: reach };
}
