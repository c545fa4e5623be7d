/**
 * Kernel density of binned values: a Gaussian kernel on the bin centres, weighted by the counts.
 * Bandwidth h = max(bin width, 1.06 s n^(-1/5)) times a factor, with s the standard deviation of
 * the binned values (Silverman's rule of thumb, never narrower than what the bins can tell).
 */

export interface Bins {
  /** Ascending, one more than counts. */
  edges: Float64Array;
  counts: Float64Array;
}

const ROOT_TWO_PI = Math.sqrt(2 * Math.PI);
const REACH_BANDWIDTHS = 8; // exp(-32) is below 1e-13

interface Moments {
  mass: number;
  deviation: number;
  width: number;
}

function moments({ edges, counts }: Bins): Moments {
  let mass = 0;
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    mass += counts[i];
    sum += (counts[i] * (edges[i] + edges[i + 1])) / 2;
  }
  const mean = sum / mass;
  let squares = 0;
  for (let i = 0; i < counts.length; i++) {
    squares += counts[i] * ((edges[i] + edges[i + 1]) / 2 - mean) ** 2;
  }
  const width = (edges[counts.length] - edges[0]) / counts.length;
  return { mass, deviation: Math.sqrt(squares / mass), width };
}

/** 0 where there is nothing to smooth: no mass, or all of it at one value. */
export function bandwidth(bins: Bins, factor: number): number {
  const { mass, deviation, width } = moments(bins);
  if (!(mass > 0) || !(width > 0)) return 0;
  return Math.max(width, 1.06 * deviation * mass ** -0.2) * factor;
}

/** Counts per unit of value at each of `at` (ascending); its integral is the mass. */
export function kde(bins: Bins, h: number, at: Float64Array): Float64Array {
  const density = new Float64Array(at.length);
  if (!(h > 0)) return density;
  const reach = REACH_BANDWIDTHS * h;
  let first = 0;
  for (let i = 0; i < bins.counts.length; i++) {
    const count = bins.counts[i];
    if (count === 0) continue;
    const centre = (bins.edges[i] + bins.edges[i + 1]) / 2;
    const weight = count / (h * ROOT_TWO_PI);
    while (first < at.length && at[first] < centre - reach) first++;
    for (let j = first; j < at.length && at[j] <= centre + reach; j++) {
      const distance = (at[j] - centre) / h;
      density[j] += weight * Math.exp(-0.5 * distance * distance);
    }
  }
  return density;
}
