/** Bucket extremes far outside their surroundings, which get a line of their own. */

const REACH = 12;
const FAR = 3.5;

/**
 * Indices whose extreme (`sign` +1: maximum, -1: minimum) lies more than 3.5 local half-envelopes
 * beyond the local median extreme and is the most extreme of its neighbours. NaN buckets are
 * passed over.
 */
export function whiskers(mean: Float64Array, extreme: Float64Array, sign: 1 | -1): number[] {
  const found: number[] = [];
  const half = mean.map((value, i) => Math.abs(extreme[i] - value));
  const typical = windowMean(half);
  for (let i = 0; i < mean.length; i++) {
    if (!(half[i] > 2 * typical[i]) || !isPeak(extreme, i, sign)) continue;
    const around = neighbours(i, mean.length).filter((j) => Number.isFinite(half[j]));
    if (around.length < 5) continue;
    const level = median(around.map((j) => extreme[j]));
    const spread = median(around.map((j) => half[j]));
    if (sign * (extreme[i] - level) > FAR * spread) found.push(i);
  }
  return found;
}

function isPeak(extreme: Float64Array, i: number, sign: 1 | -1): boolean {
  const before = i > 0 ? extreme[i - 1] : Number.NaN;
  const after = i + 1 < extreme.length ? extreme[i + 1] : Number.NaN;
  return !(sign * before > sign * extreme[i]) && !(sign * after > sign * extreme[i]);
}

function neighbours(i: number, length: number): number[] {
  const around: number[] = [];
  for (let j = Math.max(0, i - REACH); j <= Math.min(length - 1, i + REACH); j++) {
    if (j !== i) around.push(j);
  }
  return around;
}

/** Mean over the window around each index without itself; NaN passed over. */
function windowMean(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  const counts = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) {
    const finite = Number.isFinite(values[i]);
    sums[i + 1] = sums[i] + (finite ? values[i] : 0);
    counts[i + 1] = counts[i] + (finite ? 1 : 0);
  }
  return values.map((value, i) => {
    const from = Math.max(0, i - REACH);
    const to = Math.min(values.length, i + REACH + 1);
    return (sums[to] - sums[from] - value) / (counts[to] - counts[from] - 1);
  });
}

function median(values: number[]): number {
  const ordered = values.sort((a, b) => a - b);
  return ordered[ordered.length >> 1];
}
