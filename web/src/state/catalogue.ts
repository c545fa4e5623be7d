/** The keys of a project's runs, of which those of some runs are read again. */

import type { Catalogue, Key } from '../api/types';
import { panelId } from './panelIds';

/** `known` with the keys of some of its runs, or of new ones, as they are by now. */
export function mergedCatalogue(known: Catalogue, fresh: Catalogue): Catalogue {
  const keys = new Map(known.keys.map((key) => [panelId(key), key]));
  for (const key of fresh.keys) {
    const before = keys.get(panelId(key));
    keys.set(panelId(key), before ? mergedKey(before, key) : key);
  }
  return { keys: [...keys.values()], metrics: { ...known.metrics, ...fresh.metrics } };
}

function mergedKey(known: Key, fresh: Key): Key {
  return {
    ...fresh,
    runs: [...new Set([...known.runs, ...fresh.runs])],
    min_step: Math.min(known.min_step, fresh.min_step),
    max_step: Math.max(known.max_step, fresh.max_step),
    min_us: Math.min(known.min_us, fresh.min_us),
    max_us: Math.max(known.max_us, fresh.max_us),
    watched: known.watched || fresh.watched,
    media: known.media ?? fresh.media,
  };
}
