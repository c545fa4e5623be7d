/** A compiled or sharded model and a plain one are the same rows; their keys stay what they are. */

import { describe, expect, it } from 'vitest';
import type { Key } from '../src/api/types';
import { plainName } from '../src/math/layerName';
import { ownKey, shownKey, withPlainKeys } from '../src/state/layerKeys';

function key(name: string, runs: number[], watched = true): Key {
  const times = { min_step: 0, max_step: 9, min_us: 0, max_us: 9 };
  return { key: name, kind: 'histogram', path: [], runs, watched, media: null, ...times };
}

const shownOf = (...keys: Key[]) =>
  withPlainKeys({ keys, metrics: {} }).keys.map(({ key, runs }) => [key, runs]);

describe('the name of a layer', () => {
  it.each([
    ['_orig_mod.0.weight', '0.weight'],
    ['module._orig_mod.0.weight', '0.weight'],
    ['_fsdp_wrapped_module.0._fsdp_wrapped_module.weight', '0.weight'],
    ['blocks.0._checkpoint_wrapped_module.fc.bias', 'blocks.0.fc.bias'],
    ['encoder.module.weight', 'encoder.module.weight'],
    ['module.weight', 'weight'],
  ])('%s is shown as %s', (wrapped, plain) => expect(plainName(wrapped)).toBe(plain));
});

describe('keys of watched layers', () => {
  it('are one for a plain, a compiled and a sharded run', () => {
    const found = shownOf(
      key('gradients/0.weight', [1]),
      key('gradients/_orig_mod.0.weight', [2]),
      key('gradients/_fsdp_wrapped_module.0.weight', [3]),
    );
    expect(found).toEqual([['gradients/0.weight', [1, 2, 3]]]);
    expect(ownKey(1, 'gradients/0.weight')).toBe('gradients/0.weight');
    expect(ownKey(2, 'gradients/0.weight')).toBe('gradients/_orig_mod.0.weight');
    expect(shownKey(3, 'gradients/_fsdp_wrapped_module.0.weight')).toBe('gradients/0.weight');
  });

  it('stay apart where one run has both', () => {
    const found = shownOf(
      key('parameters/1.bias', [11]),
      key('parameters/_orig_mod.1.bias', [11, 12]),
    );
    expect(found).toEqual([
      ['parameters/1.bias', [11, 12]],
      ['parameters/_orig_mod.1.bias', [11]],
    ]);
    expect(ownKey(11, 'parameters/1.bias')).toBe('parameters/1.bias');
  });

  it('are left alone where nobody watched', () => {
    expect(shownOf(key('my/_orig_mod.x', [21], false))).toEqual([['my/_orig_mod.x', [21]]]);
  });
});
