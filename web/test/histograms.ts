/** Histograms and event columns for tests. */

import type { Histogram, HistogramEvents } from '../src/model/types';

type Given = Partial<Omit<Histogram, 'counts'>> & { counts: ArrayLike<number> };

export function histogramOf(given: Given): Histogram {
  const counts = Float64Array.from(given.counts);
  const n = counts.reduce((sum, count) => sum + count, 0);
  return {
    ordinal: 0,
    step: 0,
    timeUs: 0,
    batch: -1,
    lo: 0,
    hi: 0,
    edges: null,
    n,
    nan: 0,
    posInf: 0,
    negInf: 0,
    zeros: 0,
    total: 0,
    squares: 0,
    flags: 0,
    magnitude: null,
    part: null,
    ...given,
    counts,
  };
}

export function eventsOf(histograms: Histogram[]): HistogramEvents {
  const of = (read: (h: Histogram) => number) => Float64Array.from(histograms, read);
  const flat = (read: (h: Histogram) => ArrayLike<number>) =>
    Float64Array.from(histograms.flatMap((h) => Array.from(read(h))));
  return {
    ordinal: of((h) => h.ordinal),
    step: of((h) => h.step),
    timeUs: of((h) => h.timeUs),
    batch: of((h) => h.batch),
    lo: of((h) => h.lo),
    hi: of((h) => h.hi),
    bins: of((h) => h.counts.length),
    n: of((h) => h.n),
    nan: of((h) => h.nan),
    posInf: of((h) => h.posInf),
    negInf: of((h) => h.negInf),
    zeros: of((h) => h.zeros),
    total: of((h) => h.total),
    squares: of((h) => h.squares),
    flags: of((h) => h.flags),
    counts: flat((h) => h.counts),
    edges: flat((h) => h.edges ?? []),
    edged: of((h) => (h.edges ? 1 : 0)),
    magnitudeBins: of((h) => h.magnitude?.keys.length ?? 0),
    magnitudeKeys: flat((h) => h.magnitude?.keys ?? []),
    magnitudeCounts: flat((h) => h.magnitude?.counts ?? []),
  };
}
