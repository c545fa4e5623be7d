/** Axes of time: durations as typed, log durations, and local times around a change of the clocks. */

import { describe, expect, test, vi } from 'vitest';
import { xTicks } from '../src/charts/axes';
import { parseDuration } from '../src/math/duration';
import { timeTicks } from '../src/math/ticks';

test.each([
  ['90', 90],
  ['90s', 90],
  ['2h', 7200],
  ['1:30:00', 5400],
  ['5:00', 300],
  ['1h 30m', 5400],
  ['1.5 h', 5400],
  ['1d 2h', 93600],
  ['500ms', 0.5],
  ['1,200', 1200],
])('%s is a duration of %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each(['soon', '2x', '1:75:00', '-5', '2h later', '', 'h'])('%s is no duration', (text) => {
  expect(parseDuration(text)).toBeNull();
});

vi.stubEnv('TZ', 'Europe/Berlin');

const at = (text: string) => new Date(text).getTime() * 1000;

describe('ticks of wall time', () => {
  test.each([
    ['in autumn', '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z'],
    ['in spring', '2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z'],
  ])('stand on round local times on both sides of the change of clocks %s', (_, from, to) => {
    const { values, labels } = timeTicks(at(from), at(to), 8);
    expect(labels.length).toBeGreaterThan(5);
    for (const value of values) expect(new Date(value / 1000).getHours() % 6).toBe(0);
    for (const label of labels) expect(label).toMatch(/^(\d\d:00|\d+ (Mar|Oct))$/);
  });

  test('of days stand on midnight before and after the change', () => {
    const { values } = timeTicks(at('2026-10-20T00:00:00Z'), at('2026-10-30T00:00:00Z'), 10);
    for (const value of values) expect(new Date(value / 1000).getHours()).toBe(0);
    expect(new Set(values.map((value) => new Date(value / 1000).getDate())).size).toBe(
      values.length,
    );
  });
});

test('a log axis of a duration is labelled in units of time', () => {
  const { labels } = xTicks('runtime', true, 1, 200_000, 700);
  expect(labels).toEqual(['1s', '10s', '1m', '10m', '1h', '6h', '1d']);
});
