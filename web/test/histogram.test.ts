import { describe, expect, test } from 'vitest';
import { displayBins } from '../src/math/display';
import {
  binPieces,
  HistogramTable,
  magnitudeBounds,
  magnitudePieces,
  massOf,
} from '../src/math/histogram';
import { bandwidth, kde } from '../src/math/kde';
import { defaultRange, percentileBand, quantiles, statistics } from '../src/math/percentiles';
import { rebinEvents, spread } from '../src/math/rebin';
import { edgesBetween, LINEAR, symlog } from '../src/math/scale';
import type { Histogram } from '../src/model/types';
import goldenKde from './golden/kde.json';
import goldenPercentiles from './golden/percentiles.json';
import goldenRebin from './golden/rebin.json';
import { eventsOf, histogramOf } from './histograms';
import { decoded, expectNear, randomOf } from './near';

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

describe('re-binning', () => {
  test.each(goldenRebin)('agrees with numpy on %#', ({ edges, counts, target, out, outside }) => {
    const e = decoded(edges);
    const pieces = { from: e.subarray(0, -1), to: e.subarray(1), mass: decoded(counts) };
    const got = new Float64Array(out.length);
    const { below, above } = spread(pieces, decoded(target), got);
    expectNear(got, out, 1e-9, 1e-6);
    expectNear([below + above], [outside], 1e-9, 1e-6);
  });

  test('preserves the mass of any pieces on any edges', () => {
    const random = randomOf(1);
    for (let round = 0; round < 300; round++) {
      const edges = Float64Array.from({ length: 30 }, () => random() * 10 - 5).sort();
      const from = Float64Array.from({ length: 20 }, () => random() * 12 - 6).sort();
      const to = from.map((value, i) =>
        i % 4 === 0 ? value : Math.min(from[i + 1] ?? 7, value + random()),
      );
      const mass = from.map(() => Math.floor(random() * 100));
      const out = new Float64Array(29);
      const { below, above } = spread({ from, to, mass }, edges, out);
      expect(sum(out) + below + above).toBeCloseTo(sum(mass), 8);
    }
  });

  test('puts a constant event whole into one cell', () => {
    const table = new HistogramTable(eventsOf([histogramOf({ lo: 2, hi: 2, counts: [64] })]));
    const { mass, max } = rebinEvents(table, [0], Float64Array.of(0, 1, 2, 3), false);
    expect([...mass]).toEqual([0, 0, 64]);
    expect(max).toBe(64);
  });

  test('gives the largest value to the last cell, not to what lies above', () => {
    const out = new Float64Array(2);
    const atom = { from: Float64Array.of(1), to: Float64Array.of(1), mass: Float64Array.of(5) };
    expect(spread(atom, Float64Array.of(0, 0.5, 1), out)).toEqual({ below: 0, above: 0 });
    expect([...out]).toEqual([0, 5]);
  });
});

describe('kernel density', () => {
  test.each(goldenKde)('agrees with numpy on %#', (c) => {
    const bins = { edges: decoded(c.edges), counts: decoded(c.counts) };
    const h = bandwidth(bins, c.factor);
    expectNear([h], [c.bandwidth]);
    const peak = Math.max(...c.out.map((value) => value ?? 0));
    expectNear(kde(bins, h, decoded(c.at)), c.out, 1e-9, peak * 1e-3);
  });

  test('integrates to the number of values', () => {
    const bins = { edges: Float64Array.of(0, 1, 2, 3), counts: Float64Array.of(10, 30, 5) };
    const at = edgesBetween(-20, 25, 9000, LINEAR);
    const area = sum(kde(bins, bandwidth(bins, 1), at)) * (at[1] - at[0]);
    expect(area).toBeCloseTo(45, 6);
  });

  test('of a constant or of nothing is zero and divides by nothing', () => {
    const at = Float64Array.of(0, 1);
    for (const bins of [
      { edges: Float64Array.of(1, 1), counts: Float64Array.of(7) },
      { edges: Float64Array.of(0, 1), counts: Float64Array.of(0) },
    ]) {
      expect([...kde(bins, bandwidth(bins, 1), at)]).toEqual([0, 0]);
    }
  });
});

describe('percentiles', () => {
  test.each(goldenPercentiles)('of $name are within 6 % of numpy', (c) => {
    const h = histogramOf({
      ...c,
      counts: c.counts as number[],
      magnitude: { keys: decoded(c.keys), counts: decoded(c.keyCounts) },
    });
    const got = quantiles(magnitudePieces(h)!, c.shares);
    const spreadOfAll = c.std * 0.02;
    got.forEach((value, i) => {
      const wanted = c.out[i] ?? Number.NaN;
      const error = Math.abs(value - wanted);
      expect(error < 0.06 * Math.abs(wanted) || error < spreadOfAll * 0.06).toBe(true);
    });
    expect(statistics(h).std).toBeCloseTo(c.std, 9);
  });

  test('begin and end with the exact extremes', () => {
    const h = histogramOf({ lo: -3, hi: 8, counts: [1, 2, 3, 4] });
    const band = percentileBand(h);
    expect([band[0], band[6]]).toEqual([-3, 8]);
    expect([...band].sort((a, b) => a - b)).toEqual(band);
  });

  test('say that they come from bins where no magnitudes are recorded', () => {
    expect(statistics(histogramOf({ lo: 0, hi: 1, counts: [1] })).source).toBe('bins');
  });

  test('of an event without finite values are not numbers', () => {
    const s = statistics(histogramOf({ counts: [], n: 0, nan: 12 }));
    expect([s.min, s.median, s.mean, s.std].every(Number.isNaN)).toBe(true);
    expect(s.nonFinite).toBe(12);
  });
});

test('a magnitude key spans a quarter of a power of two', () => {
  const key = 4 * (3 + 1100) + 1 + 1;
  expect(magnitudeBounds(key)).toEqual([10, 12]);
  expect(magnitudeBounds(-key)).toEqual([10, 12]);
});

test('magnitudes and zeros together hold every finite value, in ascending order', () => {
  const keys = Float64Array.of(-4406, -4402, 4401, 4409);
  const h = histogramOf({
    lo: -1.6,
    hi: 4.7,
    n: 20,
    zeros: 5,
    counts: [20],
    magnitude: { keys, counts: Float64Array.of(3, 4, 6, 2) },
  });
  const pieces = magnitudePieces(h)!;
  expect(massOf(pieces)).toBe(20);
  expect([...pieces.from]).toEqual([...pieces.from].sort((a, b) => a - b));
});

test('the default range holds 99.86 % of each event for 99 % of the events', () => {
  const histograms: Histogram[] = Array.from({ length: 200 }, (_, i) =>
    histogramOf({ lo: i < 2 ? -100 : -1, hi: i < 2 ? 100 : 1, counts: [0, 500, 500, 0] }),
  );
  const [lo, hi] = defaultRange(histograms);
  expect(lo).toBeGreaterThan(-2);
  expect(hi).toBeLessThan(2);
});

describe('display bins', () => {
  const h = histogramOf({
    lo: -8,
    hi: 8,
    n: 9,
    counts: [1, 7, 1],
    magnitude: { keys: Float64Array.of(-4412, 4401, 4412), counts: Float64Array.of(1, 7, 1) },
  });

  test('are the event’s own on a linear axis', () => {
    expect([...displayBins(h, LINEAR, [-8, 8]).counts]).toEqual([1, 7, 1]);
  });

  test('are cut from the magnitudes in a narrow view', () => {
    const bins = displayBins(h, LINEAR, [0, 2]);
    expect(bins.source).toBe('magnitude');
    expect(sum(bins.counts)).toBeCloseTo(7, 9);
  });

  test('are even on a symlog axis and hold every value', () => {
    const bins = displayBins(h, symlog(0.1), [-8, 8]);
    expect(sum(bins.counts)).toBeCloseTo(9, 9);
    const widths = bins.counts.map((_, i) => bins.edges[i + 1] - bins.edges[i]);
    expect(Math.max(...widths) / Math.min(...widths)).toBeCloseTo(1, 6);
  });
});

test('user-made bins of unequal width keep their edges', () => {
  const edges = Float64Array.of(0, 1, 10);
  const table = new HistogramTable(
    eventsOf([histogramOf({ lo: 0, hi: 10, counts: [4, 0.5], edges })]),
  );
  const pieces = binPieces(table.at(0));
  expect([...pieces.from]).toEqual([0, 1]);
  expect([...pieces.mass]).toEqual([4, 0.5]);
});
