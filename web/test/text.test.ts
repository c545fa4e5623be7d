import { describe, expect, test } from 'vitest';
import { allDigits, jsonNumber, parseJson } from '../src/math/jsonNumber';
import {
  counted,
  formatAxisValues,
  formatCount,
  formatDate,
  formatDuration,
  formatMoment,
  formatShare,
  formatShort,
  formatValue,
} from '../src/math/numbers';
import { symlog } from '../src/math/scale';
import {
  durationTicks,
  logTicks,
  niceBounds,
  niceLogBounds,
  stepTicks,
  symlogTicks,
  timeTicks,
} from '../src/math/ticks';

test.each([
  [0.883, '0.8830'],
  [1234.5678, '1235'],
  [-12.5, '−12.50'],
  [7, '7'],
  [0, '0'],
  [0.0001, '1e−4'],
  [0.00012345, '1.234e−4'],
  [-2e7, '−2e7'],
  [1.5e300, '1.5e300'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, '∞'],
  [Number.NEGATIVE_INFINITY, '−∞'],
  [null, '–'],
])('the value %d is written %s', (value, text) => {
  expect(formatValue(value)).toBe(text);
});

test.each([
  [1593464, '1.59M'],
  [250000, '250k'],
  [999999, '1M'],
  [-1500, '−1.5k'],
  [12, '12'],
  [0.5, '0.5'],
  [2e-5, '2e−5'],
])('the count %d is shortened to %s', (value, text) => {
  expect(formatShort(value)).toBe(text);
});

test.each([
  [104460, '1d 5h'],
  [50880, '14h 08m'],
  [2469, '41m 09s'],
  [42, '42s'],
  [9.24, '9.2s'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('counts in full have thousands commas, fractional counts their decimals', () => {
  expect([formatCount(1593464), formatCount(0.5)]).toEqual(['1,593,464', '0.5']);
});

test('shares that are nearly nothing or nearly all say so', () => {
  expect([0.00001, 0.643, 0.99999, 0, 1].map(formatShare)).toEqual([
    '< 0.01 %',
    '64.3 %',
    '> 99.99 %',
    '0 %',
    '100 %',
  ]);
});

test('dates show the year only where it is another', () => {
  const now = new Date(2026, 10, 24);
  expect(formatDate(new Date(2026, 10, 21, 9, 12).getTime() * 1000, now)).toBe('21 Nov, 09:12');
  expect(formatDate(new Date(2025, 0, 2, 3, 4).getTime() * 1000, now)).toBe('2 Jan 2025, 03:04');
  const moment = new Date(2025, 0, 2, 3, 4, 5).getTime() * 1000;
  expect(formatMoment(moment)).toBe('2 Jan 2025, 03:04:05');
});

describe('axis labels', () => {
  test('of one axis share their decimals', () => {
    expect(formatAxisValues([0, 0.05, 0.1])).toEqual(['0', '0.05', '0.10']);
    expect(formatAxisValues([-0.5, 0, 0.5])).toEqual(['−0.5', '0', '0.5']);
  });

  test('of tiny and huge values are scientific', () => {
    expect(formatAxisValues([0, 1e-4, 2e-4])).toEqual(['0', '1e−4', '2e−4']);
    expect(formatAxisValues([1e6, 1.5e6])).toEqual(['1e6', '1.5e6']);
  });
});

describe('ticks', () => {
  test('of steps are whole and stay distinct when zoomed far in', () => {
    const { values, labels } = stepTicks(1149999, 1150001, 5);
    expect(values.every(Number.isInteger)).toBe(true);
    expect(new Set(labels).size).toBe(labels.length);
  });

  test('of a log axis are decades, or 1, 2, 5 where there is room', () => {
    expect(logTicks(0.0001, 1, 5)).toEqual([0.0001, 0.001, 0.01, 0.1, 1]);
    expect(logTicks(0.5, 10, 5)).toEqual([0.5, 1, 2, 5, 10]);
  });

  test('of a symlog axis are 0 and both signs', () => {
    const values = symlogTicks(-1, 1, symlog(1e-4), 7);
    expect(values).toContain(0);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.map((value) => -value || 0).reverse()).toEqual(values);
  });

  test('of durations stand on round minutes, hours and days', () => {
    expect(durationTicks(0, 7200, 4).labels).toEqual(['0', '30m', '1h', '1h 30m', '2h']);
    expect(durationTicks(0, 172800, 4).labels).toEqual(['0', '12h', '1d', '1d 12h', '2d']);
  });

  test('tell parts of a second apart', () => {
    const second = new Date(2026, 0, 5, 12, 30, 7).getTime() * 1000;
    expect(timeTicks(second, second + 1e6, 4).labels).toEqual([
      ':07',
      ':07.2',
      ':07.4',
      ':07.6',
      ':07.8',
      ':08',
    ]);
  });

  test('of wall time stand on round local times', () => {
    const from = new Date(2026, 10, 24, 9, 7).getTime() * 1000;
    const { values, labels } = timeTicks(from, from + 3600e6, 4);
    expect(labels).toEqual(['09:15', '09:30', '09:45', '10:00']);
    expect(values.every((value) => value >= from && value <= from + 3600e6)).toBe(true);
  });
});

describe('bounds', () => {
  test.each([
    [0, 0.93],
    [-3, 17],
    [1e-9, 2e-9],
    [5, 5],
    [0, 0],
    [-4, -4],
  ])('contain %d to %d with room', (lo, hi) => {
    const [from, to] = niceBounds(lo, hi);
    expect(from <= lo && to >= hi && to > from).toBe(true);
  });

  test('keep zero as the end of an axis of one sign', () => {
    expect(niceBounds(0.01, 7.9)[0]).toBe(0);
    expect(niceBounds(-7.9, -0.01)[1]).toBe(0);
  });

  test('do not move while a curve grows within them', () => {
    expect(niceBounds(0, 7.1)).toEqual(niceBounds(0, 7.3));
  });

  test('of a log axis are 1, 2 or 5 of a decade', () => {
    expect(niceLogBounds(0.13, 7)).toEqual([0.1, 10]);
  });
});

test('ints that a number cannot hold exactly keep all digits', () => {
  const text =
    '{"seed":9007199254740993,"id":[-1180591620717411303424,"NaN"],"n":9007199254740991,"t":"a, 9007199254740993 \\"","x":0.12345678901234568}';
  const value = parseJson(text);
  expect(value).toEqual({
    seed: '9007199254740993',
    id: ['-1180591620717411303424', 'NaN'],
    n: 9007199254740991,
    t: 'a, 9007199254740993 "',
    x: 0.12345678901234568,
  });
  expect(jsonNumber('9007199254740993')).toBe(2 ** 53);
  expect(allDigits('9007199254740993', 2 ** 53)).toBe('9007199254740993');
  expect(jsonNumber('9007199254740991')).toBe(null);
});

test('one of a thing is singular', () => {
  const texts = [0, 1, 2, 1204].map((count) => counted(count, 'row'));
  expect(texts).toEqual(['0 rows', '1 row', '2 rows', '1,204 rows']);
});
