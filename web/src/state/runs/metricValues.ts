/** Metrics over all steps of a run as one value each, where sort, filter or table ask for them. */

import { computed, signal } from '@preact/signals';
import type { Json } from '../../model/json';
import { openProject } from '../overlays';

export const AGGREGATES = ['last', 'min', 'max', 'best'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** Field (`min.val/loss`) → number of the run → value, as far as they were read. */
export const metricColumns = signal<ReadonlyMap<string, ReadonlyMap<number, Json>>>(new Map());

export const metricValue = (uid: number, field: string): Json | undefined =>
  metricColumns.value.get(field)?.get(uid);

/** The aggregate and the key of a field; null for fields of other kinds. */
export function aggregateOf(field: string): { aggregate: Aggregate; key: string } | null {
  const cut = field.indexOf('.');
  const aggregate = AGGREGATES.find((name) => name === field.slice(0, cut));
  return aggregate ? { aggregate, key: field.slice(cut + 1) } : null;
}

/** Keys of the open project that hold numbers. */
export const metricKeys = computed(() => {
  const keys = openProject.value?.catalogue.value.keys ?? [];
  return [...new Set(keys.filter(({ kind }) => kind === 'scalar').map(({ key }) => key))].sort();
});
