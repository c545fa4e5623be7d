/** The catalogue after some runs were read again is that of all runs. */

import { expect, it } from 'vitest';
import type { Key } from '../src/api/types';
import { mergedCatalogue } from '../src/state/catalogue';

function key(name: string, runs: number[], min_step: number, max_step: number): Key {
  const common = { path: [], min_us: min_step, max_us: max_step, watched: false, media: null };
  return { key: name, kind: 'scalar', runs, min_step, max_step, ...common };
}

it('takes over what has grown and keeps what was not read', () => {
  const known = { keys: [key('loss', [1, 2], 3, 9), key('lr', [1], 0, 4)], metrics: { 1: {} } };
  const fresh = { keys: [key('loss', [2, 3], 0, 12), key('acc', [3], 5, 5)], metrics: { 3: {} } };
  const merged = mergedCatalogue(known, fresh);
  expect(merged.keys).toEqual([
    key('loss', [1, 2, 3], 0, 12),
    key('lr', [1], 0, 4),
    key('acc', [3], 5, 5),
  ]);
  expect(merged.metrics).toEqual({ 1: {}, 3: {} });
});

it('keeps a key of another kind apart', () => {
  const known = { keys: [key('w', [1], 0, 1)], metrics: {} };
  const histogram: Key = { ...key('w', [1], 0, 1), kind: 'histogram', watched: true };
  expect(mergedCatalogue(known, { keys: [histogram], metrics: {} }).keys).toHaveLength(2);
});
