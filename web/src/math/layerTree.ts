/** Rows of a layer map folded along the module tree: the experts of a layer as one. */

import type { LayerRow } from './layers';

/** Tensors whose names differ in one number only. */
export interface LayerGroup {
  /** The common name with `*` for the number: `layers.3.experts.*.w1`. */
  name: string;
  members: LayerRow[];
}

/** Neighbours of a tensor that are folded with it, at least. */
const LEAST_MEMBERS = 8;
/** Rows from which on those whose only number is that of their layer are folded too. */
const MANY_ROWS = 600;

const isNumber = (part: string): boolean => /^\d+$/.test(part);

/** Name of the group that a tensor may belong to: of several numbers the last one varies. */
function groupName(name: string, many: boolean): string | null {
  const parts = name.split('.');
  const numbers = parts.flatMap((part, i) => (isNumber(part) ? [i] : []));
  if (numbers.length === 0 || (numbers.length === 1 && !many)) return null;
  parts[numbers[numbers.length - 1]] = '*';
  return parts.join('.');
}

/** The rows in their order, groups at the place of their first member. */
export function foldRows(rows: LayerRow[]): (LayerRow | LayerGroup)[] {
  const many = rows.length >= MANY_ROWS;
  const names = rows.map(({ name }) => groupName(name, many));
  const groups = new Map<string, LayerGroup>();
  for (const [i, name] of names.entries()) {
    if (name === null) continue;
    const group = groups.get(name) ?? { name, members: [] };
    group.members.push(rows[i]);
    groups.set(name, group);
  }
  const found: (LayerRow | LayerGroup)[] = [];
  const seen = new Set<string>();
  for (const [i, name] of names.entries()) {
    const group = name === null ? undefined : groups.get(name);
    if (!group || group.members.length < LEAST_MEMBERS) found.push(rows[i]);
    else if (!seen.has(group.name)) found.push(group);
    if (group) seen.add(group.name);
  }
  return found;
}

export const SPREAD = ['highest', 'median', 'lowest'] as const;

/** Three rows over all buckets of the members: the highest value, the median, the lowest. */
export function spreadRows(group: LayerGroup): LayerRow[] {
  const byBucket = new Map<number, { values: number[]; xBad: number }>();
  for (const { bucket, values, bad, xBad } of group.members) {
    for (let i = 0; i < bucket.length; i++) {
      const entry = byBucket.get(bucket[i]) ?? { values: [], xBad: Number.POSITIVE_INFINITY };
      if (!Number.isNaN(values[i])) entry.values.push(values[i]);
      if (bad[i]) entry.xBad = Math.min(entry.xBad, xBad[i]);
      byBucket.set(bucket[i], entry);
    }
  }
  const buckets = [...byBucket.keys()].sort((a, b) => a - b);
  const entries = buckets.map((bucket) => byBucket.get(bucket)!);
  for (const { values } of entries) values.sort((a, b) => a - b);
  const bucket = Float64Array.from(buckets);
  const xBad = Float64Array.from(entries, (entry) => entry.xBad);
  const bad = Uint8Array.from(xBad, (x) => (x < Number.POSITIVE_INFINITY ? 1 : 0));
  return SPREAD.map((spread) => ({
    key: group.name,
    name: group.name,
    bucket,
    values: Float64Array.from(entries, ({ values }) => spreadOf(values, spread)),
    bad,
    xBad,
    group: { size: group.members.length, spread },
  }));
}

function spreadOf(sorted: number[], spread: (typeof SPREAD)[number]): number {
  if (sorted.length === 0) return Number.NaN;
  if (spread === 'highest') return sorted[sorted.length - 1];
  return spread === 'lowest' ? sorted[0] : sorted[(sorted.length - 1) >> 1];
}

/** How much a row moves over the buckets: the standard deviation of its values. */
export function movementOf({ values }: LayerRow): number {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return 0;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length);
}
