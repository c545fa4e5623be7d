/** Lines of groups: centre and band of the members, bin by bin. */

import { describe, expect, it } from 'vitest';
import { type Band, type Center, groupLine } from '../src/math/groups';
import type { Line } from '../src/model/types';

function line(x: number[], mean: number[], low = mean, high = mean): Line {
  const ones = Float64Array.from(x, () => 1);
  const none = Float64Array.from(x, () => 0);
  const values = Float64Array.from(mean);
  return {
    id: '1',
    label: 'run',
    color: '--c0',
    dash: [],
    x: Float64Array.from(x),
    mean: values,
    first: values,
    last: values,
    min: Float64Array.from(low),
    max: Float64Array.from(high),
    count: ones,
    finite: Float64Array.from(mean, (value) => (Number.isFinite(value) ? 1 : 0)),
    xFirst: Float64Array.from(x),
    xLast: Float64Array.from(x),
    xMin: Float64Array.from(x),
    xMax: Float64Array.from(x),
    xBad: Float64Array.from(mean, (value, i) => (Number.isFinite(value) ? Number.NaN : x[i])),
    nan: Float64Array.from(mean, (value) => (Number.isFinite(value) ? 0 : 1)),
    posInf: none,
    negInf: none,
    points: x.length,
    spacing: 1,
  };
}

const STYLE = { id: 'g', label: 'g', color: '--c1', dash: [] };
const grouped = (members: Line[], center: Center, band: Band, width = 1) =>
  groupLine(members, STYLE, { center, band }, () => width);
const FOUR = [1, 2, 4, 9].map((value) => line([0, 1], [value, value * 10]));

describe('a group of lines', () => {
  it.each([
    ['mean', 4],
    ['median', 3],
    ['min', 1],
    ['max', 9],
  ] as const)('goes through the %s of its members', (center, expected) => {
    expect([...grouped(FOUR, center, 'none').mean]).toEqual([expected, expected * 10]);
  });

  // numpy: std(ddof=1) of 1 2 4 9 is 3.5590, percentile 25 and 75 are 1.75 and 5.25
  it.each([
    ['minmax', 1, 9],
    ['std', 4 - 3.559026084, 4 + 3.559026084],
    ['sem', 4 - 1.779513042, 4 + 1.779513042],
    ['quartiles', 1.75, 5.25],
    ['none', 4, 4],
  ] as const)('has the band %s', (band, lo, hi) => {
    const { min, max } = grouped(FOUR, 'mean', band);
    expect(min[0]).toBeCloseTo(lo, 8);
    expect(max[0]).toBeCloseTo(hi, 8);
  });

  it('keeps the extremes of single points in the min–max band', () => {
    const spiky = line([0], [1], [-5], [70]);
    const { min, max } = grouped([spiky, line([0], [2])], 'mean', 'minmax');
    expect([min[0], max[0]]).toEqual([-5, 70]);
  });

  it('leaves a member out where it has no finite value, and counts what it had', () => {
    const group = grouped([line([0, 1], [1, Number.NaN]), line([0, 1], [3, 5])], 'mean', 'std');
    expect([...group.mean]).toEqual([2, 5]);
    expect([...group.nan]).toEqual([0, 1]);
    expect([...group.count]).toEqual([2, 2]);
  });

  it('takes buckets of one bin as one moment, and a member with two of them once', () => {
    const group = grouped([line([0, 1], [1, 3]), line([0], [10])], 'mean', 'none', 2);
    expect([...group.mean]).toEqual([6]);
  });

  it('interpolates a member between its points, so that members need share no x', () => {
    const members = [97, 101, 103].map((every, i) => {
      const x = Array.from({ length: 20 }, (_, k) => every * (k + 1));
      const level = 1 + 0.3 * i;
      return {
        ...line(
          x,
          x.map(() => level),
        ),
        spacing: every,
      };
    });
    const { mean, min, max, group } = grouped(members, 'mean', 'minmax');
    const all = mean.filter((_, i) => group!.members[i] === 3);
    expect(all.length).toBeGreaterThan(50);
    for (const value of all) expect(value).toBeCloseTo(1.3, 12);
    expect(Math.min(...min)).toBe(1);
    expect(Math.max(...max)).toBe(1.6);
  });

  it('takes no value of a member next to one that is not finite, nor far beyond its ends', () => {
    const ended = line([0, 1, 2, 3], [1, 1, Number.NaN, 1]);
    const other = line([0, 1.5, 2.5, 3, 9], [3, 3, 3, 3, 3]);
    const { x, mean, group } = grouped([ended, other], 'mean', 'std', 0.5);
    const at = (where: number) => [...x].indexOf(where);
    expect(mean[at(1.5)]).toBe(3);
    expect(mean[at(2.5)]).toBe(3);
    expect([...group!.members].at(-1)).toBe(1);
    expect(group!.partial).toEqual([{ label: 'run', x: 3, what: 'ends' }]);
  });
});
