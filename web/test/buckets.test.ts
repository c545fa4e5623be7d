import { describe, expect, test } from 'vitest';
import { buildModel } from '../src/charts/lines/lineModel';
import {
  allSinglePoints,
  bucketX,
  type Grid,
  lastEdge,
  lineFromAnswer,
  mergeColumns,
  SERIES_COLUMNS,
  type SeriesColumns,
} from '../src/math/buckets';
import { whiskers } from '../src/math/whiskers';
import type { Line, LineOptions } from '../src/model/types';
import { gauss, randomOf } from './near';

function columnsOf(
  bucket: number[],
  change: Partial<Record<string, number[]>> = {},
): SeriesColumns {
  const column = (name: string, value: number) =>
    Float64Array.from(change[name] ?? bucket.map(() => value));
  const entries = SERIES_COLUMNS.map((name) => {
    const value = name === 'count' || name === 'finite' ? 2 : name.startsWith('x_') ? 5 : 0;
    return [name, name === 'bucket' ? Float64Array.from(bucket) : column(name, value)];
  });
  return Object.fromEntries(entries) as SeriesColumns;
}

describe('a delta', () => {
  test('replaces the buckets from its edge on and keeps the earlier ones', () => {
    const old = columnsOf([0, 1, 2], { mean: [1, 2, 3] });
    const fresh = columnsOf([2, 3], { mean: [30, 40] });
    const merged = mergeColumns(old, fresh, 128, 64);
    expect([...merged.bucket]).toEqual([0, 1, 2, 3]);
    expect([...merged.mean]).toEqual([1, 2, 30, 40]);
  });

  test('keeps columns one array that are one in both', () => {
    const [old, fresh] = [columnsOf([0, 1]), columnsOf([2])];
    Object.assign(old, { max: old.min });
    Object.assign(fresh, { max: fresh.min });
    const merged = mergeColumns(old, fresh, 128, 64);
    expect(merged.max).toBe(merged.min);
    expect(merged.first).not.toBe(merged.min);
  });

  test('is asked for from the last edge', () => {
    expect(lastEdge(columnsOf([3, 9]), 64)).toBe(576);
    expect(lastEdge(columnsOf([]), 64)).toBeNull();
  });
});

describe('a bucket', () => {
  const grid: Grid = { width: 64, first: 0, count: 9, unit: 'step' };

  test('of one point stands at that point', () => {
    const columns = columnsOf([1], { count: [1], x_first: [70] });
    expect([...bucketX(columns, grid)]).toEqual([70]);
  });

  test('of several stands in the middle of its steps', () => {
    expect([...bucketX(columnsOf([1]), grid)]).toEqual([95.5]);
  });
});

test('the spacing of a line is that of all its points, not of the window', () => {
  const columns = columnsOf([0]);
  const answer = { run: 1, key: 'a', n: 1001, in_window: 9, generation: 1, columns };
  const line = lineFromAnswer(
    { ...answer, exact_points: false, x_extent: [0, 5000] },
    { width: 1, first: 0, count: 1, unit: 'step' },
    { id: '1', label: 'a', color: '--c0', dash: [] },
  );
  expect(line.spacing).toBe(5);
});

const NONE = { min: null, max: null };
const OPTIONS: LineOptions = {
  x: { kind: 'step', log: false, window: NONE },
  y: { log: false, window: NONE, ignoreOutliers: false },
  aggregate: 'mean',
  envelope: true,
  smoothing: { kind: 'twema', amount: 0.9, showOriginal: true },
  xRange: 100,
  highlighted: null,
};

function lineOf(mean: number[], count = 1): Line {
  const of = (value: number) => new Float64Array(mean.length).fill(value);
  const values = Float64Array.from(mean);
  const names = { mean: values, min: values, max: values, first: values, last: values };
  const nan = values.map((value) => (Number.isNaN(value) ? count : 0));
  const x = values.map((_, i) => i);
  return {
    ...{
      id: 'a',
      label: 'a',
      color: '--c0',
      dash: [],
      x,
      xFirst: x,
      xLast: count > 1 ? x.map((value) => value + 0.5) : x,
      xMin: x,
      xMax: x,
      xBad: x,
      ...names,
      nan,
    },
    ...{ count: of(count), finite: nan.map((bad) => count - bad), posInf: of(0), negInf: of(0) },
    ...{ points: mean.length * count, spacing: 1 },
  };
}

describe('a line panel', () => {
  test('says how many points its buckets stand for', () => {
    const { notes } = buildModel([lineOf(new Array(1000).fill(1), 2300)], OPTIONS);
    expect(notes[0].text).toBe('2.3M points in 1,000 buckets · min/max exact');
  });

  test('counts the values that a log axis hides', () => {
    const y = { ...OPTIONS.y, log: true };
    const { notes, y: bounds } = buildModel([lineOf([1, 0, -2, 8])], { ...OPTIONS, y });
    expect(notes[0].text).toBe('2 values ≤ 0 hidden by the log axis');
    expect(bounds[0]).toBeGreaterThan(0);
  });

  test('names the first non-finite value', () => {
    const { notes } = buildModel([lineOf([1, Number.NaN, Number.NaN])], OPTIONS);
    expect(notes[0]).toEqual({ text: '2 non-finite, first at step 1', tone: 'bad' });
  });

  test('that ignores outliers says how many buckets lie outside', () => {
    const y = { ...OPTIONS.y, ignoreOutliers: true };
    const curve = Array.from({ length: 200 }, (_, i) => (i === 50 ? 1e6 : i % 7));
    const { notes, y: bounds } = buildModel([lineOf(curve)], { ...OPTIONS, y });
    expect(notes[0].text).toBe('1 bucket outside the range');
    expect(bounds[1]).toBeLessThan(10);
  });

  test('smooths the same inside a window as outside', () => {
    const line = lineOf(Array.from({ length: 100 }, (_, i) => Math.sin(i)));
    const x = { ...OPTIONS.x, window: { min: 40, max: 60 } };
    const zoomed = buildModel([line], { ...OPTIONS, x });
    expect(zoomed.lines[0].smoothed).toEqual(buildModel([line], OPTIONS).lines[0].smoothed);
    expect(zoomed.x).toEqual([40, 60]);
  });

  test('without any data has axes all the same', () => {
    const { x, y } = buildModel([], OPTIONS);
    expect(x[1] > x[0] && y[1] > y[0]).toBe(true);
  });
});

test('runs of one point each are better as bars', () => {
  expect(allSinglePoints([lineOf([1]), lineOf([2])])).toBe(true);
  expect(allSinglePoints([lineOf([1]), lineOf([2, 3])])).toBe(false);
  expect(allSinglePoints([])).toBe(false);
});

describe('whiskers', () => {
  const random = randomOf(5);
  const mean = Float64Array.from({ length: 500 }, (_, i) => Math.exp(-i / 100));
  const max = mean.map((value) => value + 0.1 + 0.01 * Math.abs(gauss(random)));

  test('are given to a one-step spike and to nothing else', () => {
    const spiked = max.map((value, i) => (i === 321 ? 9 : value));
    expect(whiskers(mean, spiked, 1)).toEqual([321]);
    expect(whiskers(mean, max, 1)).toEqual([]);
  });

  test('point down for minima', () => {
    const min = mean.map((value, i) => (i === 100 ? -7 : value - 0.1));
    expect(whiskers(mean, min, -1)).toEqual([100]);
  });

  test('pass over buckets without finite values', () => {
    const broken = mean.map((value, i) => (i > 400 ? Number.NaN : value));
    expect(whiskers(broken, max, 1).every((i) => i <= 400)).toBe(true);
  });
});

describe('the range of y', () => {
  const zoomed = { ...OPTIONS.x, window: { min: 200, max: 299 } };
  const heavy = { kind: 'twema', amount: 0.999, showOriginal: true } as const;

  test('holds the smoothed line, also where a zoom leaves it far from its original', () => {
    const line = lineOf(Array.from({ length: 300 }, (_, i) => (i < 200 ? 100 : 0.01 * (i % 3))));
    const options = { ...OPTIONS, x: zoomed, xRange: 30_000, smoothing: heavy };
    const { lines, y } = buildModel([line], options);
    for (let i = 200; i < 300; i++) {
      expect(lines[0].smoothed[i]).toBeGreaterThanOrEqual(y[0]);
      expect(lines[0].smoothed[i]).toBeLessThanOrEqual(y[1]);
    }
  });

  const NOT_SMOOTHED = { ...OPTIONS, smoothing: { ...OPTIONS.smoothing, kind: 'none' } } as const;
  const IGNORING = { ...NOT_SMOOTHED, y: { ...OPTIONS.y, ignoreOutliers: true } };
  const named = (label: string, mean: number[]) => ({ ...lineOf(mean), id: label, label });
  const dense = Array.from({ length: 1000 }, (_, i) => 1 + 0.01 * (i % 5));

  test('that ignores outliers shows the middle of a line of few points too', () => {
    const { y, notes } = buildModel(
      [named('dense', dense), named('sparse', [3, 3.2, 3.1])],
      IGNORING,
    );
    expect(y[0]).toBeLessThanOrEqual(1);
    expect(y[1]).toBeGreaterThanOrEqual(3.1);
    expect(notes.every(({ text }) => !text.includes('outside'))).toBe(true);
  });

  test('that ignores outliers leaves out few runs that went off, and names them', () => {
    const off = dense.map((value, i) => (i < 300 ? value : 1e6));
    const all = ['a', 'b', 'c', 'd'].map((label) => named(label, dense));
    const { y, notes } = buildModel([...all, named('off', off)], IGNORING);
    expect(y[1]).toBeLessThan(2);
    expect(notes[0].text).toBe('700 buckets outside the range (off)');
    const plain = buildModel([...all, named('off', off)], NOT_SMOOTHED);
    expect(plain.y[1]).toBeGreaterThan(1e6);
    expect(plain.notes[0]).toMatchObject({
      text: 'Y range set by off',
      offers: 'outliers',
    });
  });
});
