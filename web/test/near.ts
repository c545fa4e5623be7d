/** Comparing with golden vectors: relative error of 1e-9, NaN (null in JSON) only with NaN. */

import { expect } from 'vitest';

export function decoded(values: (number | null)[]): Float64Array {
  return Float64Array.from(values, (value) => value ?? Number.NaN);
}

/** Every value within `tolerance` of the expected one, relative to it (or to `floor`). */
export function expectNear(
  got: ArrayLike<number>,
  wanted: (number | null)[],
  tolerance = 1e-9,
  floor = 1e-12,
): void {
  expect(got.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    if (value === null) expect(got[i]).toBeNaN();
    else
      expect(Math.abs(got[i] - value) / Math.max(Math.abs(value), floor)).toBeLessThan(tolerance);
  });
}

/** Deterministic numbers in [0, 1). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

export function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
