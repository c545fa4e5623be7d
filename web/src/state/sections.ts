/** Keys as sections: by the first part of the key, tensors after scalars, machine metrics last. */

import type { Catalogue, Key, Run } from '../api/types';
import { isMedia } from '../math/media';
import { isHidden } from './project';

export interface Section {
  name: string;
  kind: 'scalars' | 'tensors' | 'histograms' | 'system';
  keys: Key[];
}

/** Keys without a slash stand together, first. */
export const PLAIN_SECTION = 'charts';

function sectionName(key: Key): string {
  if (key.kind === 'system') return 'system';
  const cut = key.key.indexOf('/');
  return cut > 0 ? key.key.slice(0, cut) : PLAIN_SECTION;
}

function kindOf(keys: Key[]): Section['kind'] {
  if (keys[0].kind === 'system') return 'system';
  const histograms = keys.filter(({ kind }) => kind === 'histogram');
  if (histograms.length === 0) return 'scalars';
  return histograms.some(({ watched }) => watched) ? 'tensors' : 'histograms';
}

const RANK = { scalars: 0, histograms: 1, tensors: 2, system: 3 };

/** What is looked at first stands first. */
const FIRST = [/^charts$/, /^train/, /^(val|valid|eval)/, /^test/];

function rank({ name, kind }: Section): number {
  const known = FIRST.findIndex((pattern) => pattern.test(name));
  return RANK[kind] * 10 + (known < 0 ? FIRST.length : known);
}

const order = (a: Section, b: Section): number => rank(a) - rank(b) || a.name.localeCompare(b.name);

const isDrawn = ({ kind, media }: Key): boolean => kind !== 'json' || isMedia(media);

/** Sections of the keys that any of the runs has and whose name fits the search. */
export function sectionsOf(catalogue: Catalogue, runs: Run[], search: RegExp | null): Section[] {
  const uids = new Set(runs.map(({ uid }) => uid));
  const byName = new Map<string, Key[]>();
  for (const key of catalogue.keys) {
    if (!isDrawn(key) || isHidden(catalogue, key)) continue;
    if (search && !search.test(key.key)) continue;
    if (!key.runs.some((uid) => uids.has(uid))) continue;
    const name = sectionName(key);
    byName.set(name, [...(byName.get(name) ?? []), key]);
  }
  const sections = [...byName].map(([name, keys]) => ({ name, keys, kind: kindOf(keys) }));
  return sections.sort(order);
}
