/** Series computed from series: what is combined with what. */

import { describe, expect, it } from 'vitest';
import { SERIES_COLUMNS, type SeriesColumns } from '../src/math/buckets';
import { computeSeries, type Operand } from '../src/math/computed';

/** Buckets of a step axis, as the server makes them. */
function operand(points: [x: number, value: number][], width = 1): Operand {
  const rows = new Map<number, [number, number][]>();
  for (const point of points) {
    const bucket = Math.floor(point[0] / width);
    rows.set(bucket, [...(rows.get(bucket) ?? []), point]);
  }
  const cells = [...rows].map(([bucket, inside]) => bucketOf(bucket, inside));
  const columns = Object.fromEntries(
    SERIES_COLUMNS.map((name) => [name, Float64Array.from(cells, (cell) => cell[name])]),
  ) as SeriesColumns;
  return { grid: { width, first: 0, count: rows.size, unit: 'step' }, columns };
}

function bucketOf(bucket: number, inside: [number, number][]) {
  const finite = inside.map(([, value]) => value).filter(Number.isFinite);
  const times = (wanted: number) => inside.filter(([, value]) => Object.is(value, wanted)).length;
  const [first, last] = [inside[0], inside[inside.length - 1]];
  return {
    bucket,
    count: inside.length,
    finite: finite.length,
    mean: finite.reduce((a, b) => a + b, 0) / finite.length,
    min: Math.min(...finite),
    max: Math.max(...finite),
    first: first[1],
    last: last[1],
    x_first: first[0],
    x_last: last[0],
    x_min: first[0],
    x_max: first[0],
    nan: times(Number.NaN),
    pos_inf: times(Number.POSITIVE_INFINITY),
    neg_inf: times(Number.NEGATIVE_INFINITY),
    x_bad: inside.find(([, value]) => !Number.isFinite(value))?.[0] ?? Number.NaN,
  };
}

const ratio = ([a, b]: number[]): number => a / b;
const pairs = ({ columns }: Operand): number[][] =>
  Array.from(columns.x_first, (x, i) => [x, columns.mean[i]]);

describe('computed series', () => {
  it('combines points that share x and leaves the others out', () => {
    const a = operand([0, 1, 2, 3, 4].map((x) => [x, x + 10]));
    const b = operand([
      [0, 2],
      [2, 4],
      [9, 1],
    ]);
    const found = computeSeries([a, b], ratio);
    expect(pairs(found)).toEqual([
      [0, 5],
      [2, 3],
    ]);
    expect([found.unmatched, found.ofMeans]).toEqual([4, false]);
  });

  it('never combines single points of different x, though they share a bucket', () => {
    const found = computeSeries([operand([[8, 1]], 4), operand([[9, 1]], 4)], ratio);
    expect(pairs(found)).toEqual([]);
    expect(found.unmatched).toBe(1);
  });

  it('combines the means of buckets that hold several points', () => {
    const a = operand(
      [0, 1, 2, 3, 4, 5, 6, 7].map((x) => [x, x]),
      4,
    );
    const b = operand([[5, 2]], 4);
    const found = computeSeries([a, b], ratio);
    expect(Array.from(found.columns.mean)).toEqual([5.5 / 2]);
    expect(Array.from(found.columns.bucket)).toEqual([1]);
    expect([found.unmatched, found.ofMeans]).toEqual([1, true]);
  });

  it('puts the finer buckets into the wider ones, weighted by their points', () => {
    const points: [number, number][] = [0, 1, 2, 3, 4, 5, 6].map((x) => [x, x * x]);
    const alike = computeSeries([operand(points, 2), operand(points, 4)], ([a, b]) => a - b);
    expect(alike.grid.width).toBe(4);
    expect(Array.from(alike.columns.mean)).toEqual([0, 0]);
  });

  it('says what is not finite, in the metrics or by the arithmetic', () => {
    const a = operand([
      [0, 1],
      [1, Number.NaN],
      [2, Number.POSITIVE_INFINITY],
      [3, -1],
      [4, 6],
    ]);
    const b = operand([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 0],
      [4, 3],
    ]);
    const { columns } = computeSeries([a, b], ratio);
    expect(Array.from(columns.mean)).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, 2]);
    expect(Array.from(columns.pos_inf)).toEqual([1, 0, 1, 0, 0]);
    expect(Array.from(columns.neg_inf)).toEqual([0, 0, 0, 1, 0]);
    expect(Array.from(columns.nan)).toEqual([0, 1, 0, 0, 0]);
    expect(Array.from(columns.finite)).toEqual([0, 0, 0, 0, 1]);
  });
});
