/** Axes of parallel coordinates: places of values, and what a part of an axis selects. */

import { expect, it } from 'vitest';
import {
  brushAt,
  numericAxis,
  partsOf,
  placeOfNumber,
  placeOfWord,
  wordAxis,
} from '../src/math/parallel';

const RATES = numericAxis('lr', [0.001, 0.1, 1]);
const WIDTHS = numericAxis('width', [8, 16, 64]);
const WORDS = wordAxis('optimizer', ['sgd', 'adam', 'sgd', 'lion']);

it('an axis over decades is logarithmic', () => {
  expect([RATES.log, WIDTHS.log]).toEqual([true, false]);
  expect(placeOfNumber(RATES, 0.1)).toBeCloseTo(2 / 3, 12);
  expect(placeOfNumber(WIDTHS, 36)).toBeCloseTo(0.5, 12);
});

it('a value without a place has none', () => {
  expect(placeOfNumber(WIDTHS, Number.NaN)).toBeNaN();
  expect(placeOfWord(WORDS, 'rmsprop')).toBeNaN();
  expect(placeOfNumber(numericAxis('seed', [3, 3]), 3)).toBe(0.5);
});

it('a part of an axis selects its values, with the ends of the axis exactly', () => {
  expect(brushAt(WIDTHS, [0, 1])).toEqual({ from: 8, to: 64 });
  expect(brushAt(RATES, [1 / 3, 1])).toEqual({ from: 0.01, to: 1 });
  expect(brushAt(WORDS, [0.4, 1])).toEqual({ words: ['lion', 'sgd'] });
  expect(brushAt(WORDS, [0.1, 0.3])).toBeNull();
});

it('a brush covers the part that made it, and a part for each word', () => {
  const [part] = partsOf(RATES, { from: 0.01, to: 1 });
  expect(part[0]).toBeCloseTo(1 / 3, 12);
  expect(part[1]).toBe(1);
  const words = partsOf(WORDS, { words: ['adam', 'sgd', 'gone'] });
  expect(words.map((one) => one.map((end) => end.toFixed(2)))).toEqual([
    ['0.00', '0.20'],
    ['0.80', '1.00'],
  ]);
  expect(partsOf(WIDTHS, { from: 100, to: 200 })).toEqual([]);
});
