import { describe, expect, test } from 'vitest';
import { type SmoothInput, smooth, smoothingReach } from '../src/math/smooth';
import type { SmoothingKind } from '../src/model/types';
import golden from './golden/smooth.json';
import { decoded, expectNear, gauss, randomOf } from './near';

const KINDS = [
  ['twema', 0.9],
  ['ema', 0.9],
  ['gaussian', 10],
  ['average', 25],
] as const;

function inputOf(mean: number[], count = 1, width = 1): SmoothInput {
  return {
    x: Float64Array.from(mean, (_, i) => i * width),
    mean: Float64Array.from(mean),
    count: new Float64Array(mean.length).fill(count),
    xRange: (mean.length - 1) * width,
    spacing: width / count,
  };
}

describe('numpy computes the same smoothed values in another way', () => {
  for (const [number, data] of golden.entries()) {
    const input = {
      x: decoded(data.x),
      mean: decoded(data.mean),
      count: decoded(data.count),
      xRange: data.xRange,
      spacing: data.spacing,
    };
    test.each(data.outs)(`$kind at $amount on curve ${number}`, ({ kind, amount, out }) => {
      expectNear(smooth(kind as SmoothingKind, amount, input), out);
    });
  }
});

describe.each(KINDS)('%s', (kind, amount) => {
  test('leaves a constant series exactly constant', () => {
    const smoothed = smooth(kind, amount, inputOf(new Array(300).fill(0.1)));
    expect([...smoothed].every((value) => value === 0.1)).toBe(true);
  });

  test('skips values that are not finite and keeps their place', () => {
    const with_ = inputOf([1, 2, Number.NaN, 4, 3]);
    const smoothed = smooth(kind, amount, with_);
    expect(smoothed[2]).toBeNaN();
    expect([0, 1, 3, 4].every((i) => Number.isFinite(smoothed[i]))).toBe(true);
  });

  test('gives finite values where all x are the same', () => {
    const flat = { ...inputOf([1, 2, 3]), x: new Float64Array(3), xRange: 0, spacing: 0 };
    expect(smooth(kind, amount, flat).every(Number.isFinite)).toBe(true);
  });

  test('a bucketed curve follows the full history within 0.1 of its noise', () => {
    const random = randomOf(7);
    const raw = Array.from({ length: 64000 }, (_, i) => Math.exp(-i / 12000) + 0.2 * gauss(random));
    const perBucket = 64;
    const wide = kind === 'ema' ? 0.999 : kind === 'twema' ? 0.9 : 2000;
    const full = smooth(kind, wide, inputOf(raw));
    const means = Array.from({ length: 1000 }, (_, b) => {
      const part = raw.slice(b * perBucket, (b + 1) * perBucket);
      return part.reduce((sum, value) => sum + value, 0) / perBucket;
    });
    const buckets = { ...inputOf(means, perBucket, perBucket), xRange: raw.length - 1, spacing: 1 };
    buckets.x = buckets.x.map((x) => x + (perBucket - 1) / 2);
    const bucketed = smooth(kind, wide, buckets);
    const from = kind === 'ema' ? 100 : 20;
    for (let b = from; b < 980; b++) {
      const middle = kind === 'gaussian' || kind === 'average' ? perBucket / 2 : perBucket - 1;
      expect(Math.abs(bucketed[b] - full[b * perBucket + middle])).toBeLessThan(0.1 * 0.2);
    }
  });
});

test('no smoothing is the series itself', () => {
  const input = inputOf([3, 1, 2]);
  expect(smooth('none', 0.5, input)).toBe(input.mean);
});

test('an EMA that never forgets is the mean so far', () => {
  expectNear(smooth('ema', 1, inputOf([1, 2, 6])), [1, 1.5, 3]);
});

test.each(KINDS)('%s depends on nothing farther away than its reach', (kind, amount) => {
  const random = randomOf(3);
  const raw = Array.from({ length: 2000 }, () => gauss(random));
  const whole = inputOf(raw);
  const { before, after } = smoothingReach(kind, amount, whole.xRange, whole.spacing);
  const from = Math.max(0, Math.floor(1200 - before));
  const to = Math.min(raw.length, Math.ceil(1300 + after));
  const part = { ...inputOf(raw.slice(from, to)), xRange: whole.xRange };
  part.x = part.x.map((x) => x + from);
  const full = smooth(kind, amount, whole);
  const cut = smooth(kind, amount, part);
  for (let i = 1200; i < 1300; i++) expect(Math.abs(full[i] - cut[i - from])).toBeLessThan(2e-3);
});
