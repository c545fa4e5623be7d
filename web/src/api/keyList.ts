/** Lists of keys in their short form: names by what they share, facts once (docs/http_api.md). */

import type { Key, KeyKind } from './types';

type Facts = [
  kind: KeyKind,
  runs: number[],
  minStep: number,
  maxStep: number,
  minUs: number,
  maxUs: number,
  watched: boolean,
  media: string | null,
];

export interface KeyList {
  tag: string;
  names: { shared: number[]; rest: string[]; paths: Record<string, string[]> } | null;
  facts: Facts[];
  of: number[];
}

interface Names {
  tag: string;
  keys: string[];
  paths: Record<string, string[]>;
}

/** So many lists are remembered, by their address. */
const REMEMBERED = 8;

class Memory {
  private readonly lists = new Map<string, Names>();

  get(address: string): Names | undefined {
    return this.lists.get(address);
  }

  set(address: string, names: Names): void {
    this.lists.delete(address);
    this.lists.set(address, names);
    if (this.lists.size > REMEMBERED) this.lists.delete(this.lists.keys().next().value!);
  }
}

/** The names of lists that were read, so that the next answer need not have them. */
export const keyNames = new Memory();

/** The names of an answer, or those known before, which it left out. */
export function namesOf({ tag, names }: KeyList, known: Names | undefined): Names {
  if (!names) return known!;
  let before = '';
  const keys = names.rest.map((rest, i) => {
    before = before.slice(0, names.shared[i]) + rest;
    return before;
  });
  return { tag, keys, paths: names.paths };
}

/** The keys with their facts; those that share all facts share the list of runs. */
export function keysOf({ facts, of }: KeyList, names: Names): Key[] {
  const found: Key[] = [];
  for (let i = 0; i < of.length; i += 2) {
    const [kind, runs, minStep, maxStep, minUs, maxUs, watched, media] = facts[of[i]];
    for (let n = 0; n < of[i + 1]; n++) {
      const place = found.length;
      found.push({
        key: names.keys[place],
        kind,
        path: names.paths[place] ?? [],
        runs,
        min_step: minStep,
        max_step: maxStep,
        min_us: minUs,
        max_us: maxUs,
        watched,
        media,
      });
    }
  }
  return found;
}
