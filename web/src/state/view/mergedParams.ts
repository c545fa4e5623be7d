/**
 * A saved view that was changed in two places at once: what each place changed of it, together.
 * Panels are told apart by their ids, lists (columns, shown runs) by what is in them.
 */

import type { Params } from './address';

/** Parts by id; null: the text can't be read so. */
type Parts = Map<string, string>;

interface Form {
  read(text: string): Parts | null;
  write(parts: Parts): string;
}

/** `id~…;id~…` */
const BY_ID: Form = {
  read: (text) => new Map(text.split(';').map((part) => [part.split('~')[0]!, part])),
  write: (parts) => [...parts.values()].join(';'),
};

const LIST: Form = {
  read: (text) => new Map(text.split(',').map((part) => [part, part])),
  write: (parts) => [...parts.values()].join(','),
};

const PANELS: Form = {
  read: (text) => {
    try {
      const panels: unknown = JSON.parse(text);
      if (!Array.isArray(panels)) return null;
      return new Map(panels.map((panel) => [String(panel?.id), JSON.stringify(panel)]));
    } catch (error) {
      if (error instanceof SyntaxError) return null; // a link that was cut short
      throw error;
    }
  },
  write: (parts) => `[${[...parts.values()].join(',')}]`,
};

const FORMS: Record<string, Form> = {
  own: PANELS,
  size: BY_ID,
  order: BY_ID,
  columns: LIST,
  show: LIST,
  hide: LIST,
  pins: LIST,
  gfold: LIST,
};

/** `theirs` with what `mine` changes of `base`; null where both changed the same otherwise. */
export function mergedParams(base: Params, mine: Params, theirs: Params): Params | null {
  const merged = new Map<string, string>();
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const one = mergedText(name, base[name], mine[name], theirs[name]);
    if (one === null) return null;
    if (one !== undefined) merged.set(name, one);
  }
  return Object.fromEntries(merged);
}

type Text = string | undefined;

function mergedText(name: string, base: Text, mine: Text, theirs: Text): Text | null {
  if (mine === base || mine === theirs) return theirs;
  if (theirs === base) return mine;
  const form = FORMS[name];
  if (!form) return null;
  const [was, own, other] = [base, mine, theirs].map((text) =>
    text ? form.read(text) : new Map(),
  );
  if (!was || !own || !other) return null;
  const parts = mergedParts(was, own, other);
  return parts && (parts.size > 0 ? form.write(parts) : undefined);
}

function mergedParts(base: Parts, mine: Parts, theirs: Parts): Parts | null {
  if (moved(base, mine)) return null; // an order has no parts
  const merged = new Map(theirs);
  for (const id of new Set([...base.keys(), ...mine.keys()])) {
    const [was, own, other] = [base.get(id), mine.get(id), theirs.get(id)];
    if (own === was || own === other) continue;
    if (other !== was) return null;
    if (own === undefined) merged.delete(id);
    else merged.set(id, own);
  }
  return merged;
}

function moved(base: Parts, mine: Parts): boolean {
  const kept = [...base.keys()].filter((id) => mine.has(id));
  const now = [...mine.keys()].filter((id) => base.has(id));
  return kept.join('\n') !== now.join('\n');
}
