/** The short form of a list of keys, with names that were known and names that were not. */

import { expect, it } from 'vitest';
import { type KeyList, keysOf, namesOf } from '../src/api/keyList';

const LIST: KeyList = {
  tag: 'a',
  names: {
    shared: [0, 12, 0],
    rest: ['gradients/0.weight', 'bias', 'äöü/😀'],
    paths: { 2: ['äöü', '😀'] },
  },
  facts: [
    ['histogram', [1, 2], 0, 9, 10, 19, true, null],
    ['scalar', [1], 3, 4, 5, 6, false, null],
  ],
  of: [0, 2, 1, 1],
};

it('makes each key with what it shares with others', () => {
  const keys = keysOf(LIST, namesOf(LIST, undefined));
  expect(keys.map(({ key }) => key)).toEqual(['gradients/0.weight', 'gradients/0.bias', 'äöü/😀']);
  expect(keys.map(({ kind, runs }) => [kind, runs])).toEqual([
    ['histogram', [1, 2]],
    ['histogram', [1, 2]],
    ['scalar', [1]],
  ]);
  expect(keys[1]).toMatchObject({
    min_step: 0,
    max_step: 9,
    min_us: 10,
    max_us: 19,
    watched: true,
  });
  expect(keys.map(({ path }) => path)).toEqual([[], [], ['äöü', '😀']]);
});

it('takes names that the answer leaves out from the one before', () => {
  const before = namesOf(LIST, undefined);
  const later: KeyList = { ...LIST, names: null, of: [1, 3] };
  const keys = keysOf(later, namesOf(later, before));
  expect(keys.map(({ key, kind }) => [key, kind])).toEqual([
    ['gradients/0.weight', 'scalar'],
    ['gradients/0.bias', 'scalar'],
    ['äöü/😀', 'scalar'],
  ]);
});
