/** A view that was changed in two places keeps both changes, or says that it can't. */

import { expect, it } from 'vitest';
import { mergedParams } from '../src/state/view/mergedParams';

const panels = (...list: object[]): string => JSON.stringify(list);
const [a, b, c] = ['a', 'b', 'c'].map((id) => ({ id, kind: 'markdown', title: id, keys: [] }));

it('takes each parameter from where it was changed', () => {
  const base = { cols: '3', smooth: 'none:0', q: 'loss' };
  const mine = { cols: '4', smooth: 'none:0', q: 'loss', x: 'time' };
  const theirs = { cols: '3', q: 'loss', sync: '1' };
  expect(mergedParams(base, mine, theirs)).toEqual({ cols: '4', q: 'loss', x: 'time', sync: '1' });
});

it('takes what both changed alike and refuses what they changed otherwise', () => {
  expect(mergedParams({ cols: '3' }, { cols: '4' }, { cols: '4' })).toEqual({ cols: '4' });
  expect(mergedParams({ cols: '3' }, { cols: '4' }, { cols: '5' })).toBeNull();
  expect(mergedParams({ cols: '3' }, {}, { cols: '5' })).toBeNull();
});

it('tells panels apart by their ids', () => {
  const changed = { ...a, title: 'other' };
  const base = { own: panels(a!, b!) };
  expect(mergedParams(base, { own: panels(changed, b!) }, { own: panels(a!, c!) })).toEqual({
    own: panels(changed, c!),
  });
  expect(mergedParams(base, { own: panels(a!, b!, c!) }, {})).toEqual({ own: panels(c!) });
  const theirs = { own: panels({ ...a, title: 'third' }, b!) };
  expect(mergedParams(base, { own: panels(changed, b!) }, theirs)).toBeNull();
  expect(mergedParams(base, { own: '[{' }, theirs)).toBeNull();
});

it('joins sizes by panel and lists by what is in them', () => {
  const base = { size: 'p~2~300', columns: 'x,y', hide: 'r1' };
  const mine = { size: 'p~2~300;q~1~200', columns: 'x,y,z', hide: 'r1,r2' };
  const theirs = { size: 'p~3~300', columns: 'y' };
  expect(mergedParams(base, mine, theirs)).toEqual({
    size: 'p~3~300;q~1~200',
    columns: 'y,z',
    hide: 'r2',
  });
  expect(mergedParams({ columns: 'x,y' }, { columns: 'y,x' }, { columns: 'x,y,z' })).toBeNull();
});
