/** The histogram events on screen: fetched in few requests, continued by what is new. */

import { type Signal, signal } from '@preact/signals';
import { ApiError, queryHistograms } from '../../api/client';
import type { HistogramAnswer, HistogramRequest } from '../../api/types';
import { eventsFromColumns, mergeEvents } from '../../math/events';
import { settledUpTo } from '../../math/parts';
import type { HistogramEvents } from '../../model/types';
import { Batcher, chunks, groupBy } from '../batcher';
import { ownKey } from '../layerKeys';
import type { Dirty } from '../refresh';

export interface HistogramSpec {
  run: number;
  key: string;
}

export interface EventSeries {
  spec: HistogramSpec;
  events: HistogramEvents;
  /** Events stored; more than `events` holds where they were strided. */
  n: number;
  stride: number;
  generation: number;
}

interface Entry {
  spec: HistogramSpec;
  value: Signal<EventSeries | ApiError | null>;
  users: number;
  busy: boolean;
  again: boolean;
  /** The new events alone did not fit what is here: ask for all. */
  whole: boolean;
}

/** Events of one series that are fetched at most; beyond, each k-th, and the panel says so. */
const LIMIT = 5000;
const KEYS_A_REQUEST = 6;

/** The key by which the server has it. */
const keyOf = ({ spec: { run, key } }: Entry): string => ownKey(run, key);

const idOf = ({ run, key }: HistogramSpec): string => `${run} ${key}`;

export class HistogramStore {
  private readonly entries = new Map<string, Entry>();
  private readonly batcher = new Batcher<Entry>((entries) => this.fetchAll(entries));

  /** The signal of a series, fetched if it is not there; pair with `release`. */
  use(spec: HistogramSpec): Signal<EventSeries | ApiError | null> {
    let entry = this.entries.get(idOf(spec));
    if (!entry) {
      entry = { spec, value: signal(null), users: 0, busy: false, again: false, whole: false };
      this.entries.set(idOf(spec), entry);
    }
    entry.users++;
    if (!present(entry) && !entry.busy) this.want([entry]);
    return entry.value;
  }

  /** Events are large: what nobody shows is forgotten. */
  release(spec: HistogramSpec): void {
    const entry = this.entries.get(idOf(spec));
    if (entry && --entry.users === 0) this.entries.delete(idOf(spec));
  }

  refresh(dirty: Dirty): void {
    const touched = [...this.entries.values()].filter(
      ({ spec }) => dirty.all || dirty.runs.get(spec.run)?.has('histograms'),
    );
    for (const entry of touched) if (entry.busy) entry.again = true;
    this.want(touched.filter(({ busy }) => !busy));
  }

  retry(): void {
    this.want([...this.entries.values()].filter((e) => e.value.peek() instanceof ApiError));
  }

  private want(entries: Entry[]): void {
    for (const entry of entries) entry.busy = true;
    this.batcher.add(entries);
  }

  private fetchAll(entries: Entry[]): void {
    const alike = groupBy(entries, (entry) => `${entry.spec.run} ${fromOf(entry)}`);
    for (const group of alike) {
      for (const some of chunks(group, KEYS_A_REQUEST)) void this.fetch(some);
    }
  }

  private async fetch(entries: Entry[]): Promise<void> {
    const request = requestFor(entries);
    try {
      const series = await queryHistograms(request);
      const byKey = new Map(series.map((answer) => [answer.key, answer]));
      for (const entry of entries) this.receive(entry, byKey.get(keyOf(entry)), request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      for (const entry of entries) {
        entry.busy = false;
        if (!present(entry)) entry.value.value = error;
      }
    }
  }

  private receive(entry: Entry, answer: HistogramAnswer | undefined, request: HistogramRequest) {
    entry.busy = false;
    if (!answer) return;
    const { n, stride, generation, columns } = answer;
    const known = request.ordinals ? present(entry) : null;
    const fresh = eventsFromColumns(columns);
    const events = known ? mergeEvents(known.events, fresh) : fresh;
    entry.whole = known !== null && events.step.length !== n;
    if (!entry.whole) entry.value.value = { spec: entry.spec, events, n, stride, generation };
    if (!entry.whole && !entry.again) return;
    entry.again = false;
    this.want([entry]);
  }
}

function present(entry: Entry): EventSeries | null {
  const value = entry.value.peek();
  return value && 'events' in value ? value : null;
}

/** Position from which events are asked for; 0 is all of them. Parts that come late change events
 * that are here. */
function fromOf(entry: Entry): number {
  const known = present(entry);
  const goesOn = known && !entry.whole && known.stride === 1 && known.n < LIMIT;
  return goesOn ? settledUpTo(known.events) : 0;
}

function requestFor(entries: Entry[]): HistogramRequest {
  const from = fromOf(entries[0]);
  return {
    runs: [entries[0].spec.run],
    keys: entries.map(keyOf),
    x0: null,
    x1: null,
    limit: LIMIT,
    magnitude: true,
    ordinals: from > 0 ? [from, Number.MAX_SAFE_INTEGER] : null,
  };
}
