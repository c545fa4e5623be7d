import { expect, test } from 'vitest';
import { utcMillis } from '../src/math/utcMillis';

const AT = Date.UTC(2026, 10, 29, 10, 30);

test.each([
  ['2026-11-29T10:30:00Z'],
  ['2026-11-29T10:30'],
  ['2026-11-29 10:30'],
  ['2026-11-29 12:30:00.000 +02:00'],
  ['2026-11-29T05:00:00-0530'],
  [AT / 1000],
  [AT],
])('%s is one and the same time', (spelled) => {
  expect(utcMillis(spelled)).toBe(AT);
});

test('a date is its first moment, and what is no time is none', () => {
  expect(utcMillis('2026-11-29')).toBe(Date.UTC(2026, 10, 29));
  for (const other of ['yesterday', '', '2026-13-45', true, null, ['2026-11-29']]) {
    expect(utcMillis(other)).toBeNull();
  }
});
