import { describe, expect, it } from 'vitest';
import { smooth } from '../src/math/smooth';
import { amountAt, averagedPoints, placeOf } from '../src/math/smoothScale';
import type { SmoothingKind } from '../src/model/types';

const KINDS: SmoothingKind[] = ['twema', 'ema', 'gaussian', 'average'];
const DEFAULT = 0.95;

/** Noise of variance 1, the same each time. */
function noise(points: number): Float64Array {
  let state = 1;
  const uniform = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return Float64Array.from({ length: points }, () => {
    return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  });
}

/** The standard deviation that a smoothing leaves of noise, once the line's first third is past. */
function leaves(kind: SmoothingKind, amount: number, points: number): number {
  const x = Float64Array.from({ length: points }, (_, i) => i);
  const count = new Float64Array(points).fill(1);
  const values = noise(points);
  const smoothed = smooth(kind, amount, { x, mean: values, count, xRange: points - 1, spacing: 1 });
  const late = smoothed.slice(Math.floor(points / 3), points - Math.floor(points / 6));
  const mean = late.reduce((a, b) => a + b, 0) / late.length;
  return Math.sqrt(late.reduce((a, b) => a + (b - mean) ** 2, 0) / late.length);
}

describe('the slider of smoothing', () => {
  it.each(KINDS)('leads back from the amounts of %s to its places', (kind) => {
    for (const place of [0.05, 0.2, 0.5, 0.8, 1]) {
      const amount = amountAt(kind, place);
      const coarse = kind === 'average' ? 0.05 : 1e-9; // a mean of whole points
      expect(Math.abs(placeOf(kind, amount) - place)).toBeLessThanOrEqual(coarse);
    }
    expect(placeOf(kind, amountAt(kind, 0))).toBe(0);
  });

  it.each(KINDS)('averages longer by like factors in like steps of %s', (kind) => {
    const places = [0.3, 0.5, 0.7, 0.9];
    const lengths = places.map((place) => averagedPoints(kind, amountAt(kind, place), 1e6));
    const factors = lengths.slice(1).map((length, i) => length / lengths[i]);
    for (const factor of factors) expect(factor / factors[0]).toBeCloseTo(1, 0);
    expect(Math.min(...factors)).toBeGreaterThan(1.8);
  });

  it('changes a line of a hundred points over its whole length', () => {
    const left = [0.1, 0.3, 0.5, 0.7, 0.9].map((p) => leaves('twema', amountAt('twema', p), 108));
    for (let i = 1; i < left.length; i++) expect(left[i]).toBeLessThan(0.9 * left[i - 1]);
    expect(left[0]).toBeLessThan(0.9);
  });

  it('has its default in the middle third', () => {
    expect(placeOf('twema', DEFAULT)).toBeGreaterThan(1 / 3);
    expect(placeOf('twema', DEFAULT)).toBeLessThan(2 / 3);
  });
});

describe('what is said to be averaged', () => {
  it.each([100, 1000, 100_000])('is a trend by default on %i points', (points) => {
    const averaged = averagedPoints('twema', DEFAULT, points);
    expect(averaged).toBeGreaterThan(5);
    expect(averaged).toBeLessThan(points / 8);
    expect(leaves('twema', DEFAULT, points)).toBeLessThan(0.5);
  });

  it.each(KINDS)('is what %s leaves of the variance of noise', (kind) => {
    for (const place of [0.2, 0.4, 0.6]) {
      const amount = amountAt(kind, place);
      const expected = 1 / Math.sqrt(averagedPoints(kind, amount, 20_000));
      expect(leaves(kind, amount, 20_000) / expected).toBeCloseTo(1, 0);
    }
  });

  it('is one point where nothing is smoothed', () => {
    expect(averagedPoints('twema', 0, 1000)).toBe(1);
    expect(averagedPoints('none', 0, 1000)).toBe(1);
  });
});
