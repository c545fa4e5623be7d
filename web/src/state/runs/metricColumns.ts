/** Reads the metrics' values over all steps that the address asks for, and keeps them fresh. */

import { computed, effect } from '@preact/signals';
import { getMetricValues } from '../../api/client';
import type { Json } from '../../model/json';
import type { Dirty } from '../refresh';
import { attempt } from '../toasts';
import { params } from '../view/view';
import { filterRoot } from './filters';
import { conditionsOf } from './filterTree';
import { aggregateOf, metricColumns } from './metricValues';
import { parseSort } from './visibility';

/** More changed runs than this are cheaper to read as whole columns. */
const SINGLE_READS = 100;

const wanted = computed(() => {
  const { sort, columns } = params.value;
  const fields = [
    parseSort(sort).by,
    ...(columns ?? '').split(',').map(decodeURIComponent),
    ...conditionsOf(filterRoot.value).map(({ by }) => by),
  ];
  return [...new Set(fields)].filter((field) => aggregateOf(field) !== null);
});

type Columns = Record<string, Record<string, Json>>;

export class MetricColumns {
  private readonly asked = new Set<string>();
  private stop: (() => void) | null = null;

  constructor(
    private readonly entity: string,
    private readonly project: string,
  ) {}

  start(): void {
    metricColumns.value = new Map();
    this.stop = effect(() => {
      const missing = wanted.value.filter((field) => !this.asked.has(field));
      if (missing.length > 0) void this.read(missing);
    });
  }

  dispose(): void {
    this.stop?.();
  }

  refresh({ all, runs }: Dirty): void {
    const fields = [...this.asked];
    if (fields.length === 0) return;
    const changed = all || runs.size > SINGLE_READS ? undefined : [...runs.keys()];
    void this.read(fields, changed);
  }

  private async read(fields: string[], uids?: number[]): Promise<void> {
    for (const field of fields) this.asked.add(field);
    const read = await attempt('The values of metrics could not be read', async () => {
      take(await getMetricValues(this.entity, this.project, fields, uids), uids !== undefined);
    });
    if (!read && !uids) for (const field of fields) this.asked.delete(field);
  }
}

function take(columns: Columns, onto: boolean): void {
  const next = new Map(metricColumns.peek());
  for (const [field, values] of Object.entries(columns)) {
    const fresh = Object.entries(values).map(([uid, value]): [number, Json] => [
      Number(uid),
      value,
    ]);
    next.set(field, new Map([...((onto && next.get(field)) || []), ...fresh]));
  }
  metricColumns.value = next;
}
