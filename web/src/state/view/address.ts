/**
 * The query of an address and the parameters that it stands for. An address that names a saved view
 * holds what differs from it: a parameter that the view has and the picture has not stands there
 * empty. Any other address holds what differs from the defaults.
 */

export type Params = Record<string, string>;

/** A saved view that an address builds on, as it was when the address was made. */
export interface Base {
  name: string;
  /** Start of the hash under which the server keeps the parameters; empty if nobody said it. */
  hash: string;
  params: Params;
  /** Whether `params` are the view's; else they are only those that the address leaves empty. */
  known: boolean;
}

export interface Shown {
  base: Base | null;
  params: Params;
}

const NAME = 'view';
const HASH = 'as';

/** What makes the picture another one than the saved view; empty: the view has it, this has not. */
export function differences({ base, params }: Shown): Params {
  if (!base) return params;
  const gone = Object.keys(base.params).filter((name) => !(name in params));
  const own = Object.entries(params).filter(([name, value]) => base.params[name] !== value);
  return Object.fromEntries([...gone.map((name) => [name, '']), ...own]);
}

export function changed(params: Params, change: Params): Params {
  const all = Object.entries({ ...params, ...change });
  return Object.fromEntries(all.filter(([, value]) => value !== ''));
}

export function toQuery(shown: Shown): Params {
  const { base } = shown;
  if (!base) return shown.params;
  return { [NAME]: base.name, ...(base.hash && { [HASH]: base.hash }), ...differences(shown) };
}

/** `opened`: the views that this page has opened, by hash. */
export function fromQuery(query: Params, opened: Map<string, Base>): Shown {
  const { [NAME]: name, [HASH]: hash = '', ...own } = query;
  if (!name) return { base: null, params: changed({}, own) };
  const known = opened.get(hash);
  const empty = Object.entries(own).filter(([, value]) => value === '');
  const base = known
    ? { ...known, name }
    : { name, hash, params: Object.fromEntries(empty), known: false };
  return { base, params: changed(known?.params ?? {}, own) };
}
