/** Keys of watched layers as they are shown, without what wraps a model, and each run's own. */

import type { Catalogue, Key } from '../api/types';
import { plainKey } from '../math/layerName';
import { mergedCatalogue } from './catalogue';

const own = new Map<string, string>();
const shown = new Map<string, string>();

const idOf = (run: number, key: string): string => `${run} ${key}`;

/** The key by which the run has what is shown as `key`. */
export const ownKey = (run: number, key: string): string => own.get(idOf(run, key)) ?? key;

/** The key under which the run's `key` is shown. */
export const shownKey = (run: number, key: string): string => shown.get(idOf(run, key)) ?? key;

/**
 * The catalogue in which a compiled, a sharded and a plain model have the same keys. Where one run
 * has two keys that would be the same, both stay as they are.
 */
export function withPlainKeys(catalogue: Catalogue): Catalogue {
  const taken = new Map<string, string>();
  for (const { key, runs, watched } of catalogue.keys) {
    if (watched) for (const run of runs) addClash(taken, idOf(run, plainKey(key)), key);
  }
  const keys = catalogue.keys.flatMap((key) => (key.watched ? renamed(key, taken) : [key]));
  return mergedCatalogue({ keys: [], metrics: catalogue.metrics }, { keys, metrics: {} });
}

const CLASH = '';

function addClash(taken: Map<string, string>, id: string, key: string): void {
  taken.set(id, taken.has(id) && taken.get(id) !== key ? CLASH : key);
}

/** The key as it is shown for the runs for which it can be, and as it is for the others. */
function renamed(key: Key, taken: Map<string, string>): Key[] {
  const name = plainKey(key.key);
  if (name === key.key) return [key];
  const free = key.runs.filter((run) => taken.get(idOf(run, name)) !== CLASH);
  const others = key.runs.filter((run) => !free.includes(run));
  for (const run of free) {
    own.set(idOf(run, name), key.key);
    shown.set(idOf(run, key.key), name);
  }
  const parts = [
    { ...key, key: name, runs: free },
    { ...key, runs: others },
  ];
  return parts.filter(({ runs }) => runs.length > 0);
}
