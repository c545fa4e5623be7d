/**
 * The buckets of the lines on screen. Panels say what they need; what is missing is fetched in as
 * few requests as one frame allows, and a running run brings only its new buckets.
 */

import { computed, type Signal, signal } from '@preact/signals';
import { ApiError, querySeries } from '../../api/client';
import type { Grid, SeriesAnswer, SeriesRequest } from '../../api/types';
import { lastEdge, mergeColumns, SERIES_COLUMNS, type SeriesColumns } from '../../math/buckets';
import { Batcher, chunks, groupBy } from '../batcher';
import type { Dirty } from '../refresh';
import type { Span } from '../view/view';

export interface SeriesSpec {
  run: number;
  key: string;
  kind: 'scalar' | 'system';
  x: string;
  window: Span | null;
  buckets: number;
  /** Length of the key's range of steps, to put keys of like length on one grid. */
  reach: number;
}

export interface Series {
  spec: SeriesSpec;
  grid: Grid;
  answer: SeriesAnswer;
}

interface Entry {
  spec: SeriesSpec;
  value: Signal<Series | ApiError | null>;
  users: number;
  busy: boolean;
  /** Something new came while a request was under way. */
  again: boolean;
  /** The end alone did not fit the line that is here: ask for all of it. */
  whole: boolean;
}

const KEYS_A_REQUEST = 24;
const SERIES_A_REQUEST = 200;
/** Unused series that are kept, so that toggling a run or a section needs no request. */
const KEPT = 400;

const idOf = ({ run, key, kind, x, window, buckets }: SeriesSpec): string =>
  JSON.stringify([run, key, kind, x, window, buckets]);

/** Series of one request share a grid, so their ranges must be alike. */
const gridOf = ({ kind, x, window, buckets, reach }: SeriesSpec): string =>
  JSON.stringify([kind, x, window, buckets, window ? 0 : Math.ceil(Math.log2(reach + 1))]);

export class SeriesStore {
  private readonly entries = new Map<string, Entry>();
  private readonly batcher = new Batcher<Entry>((entries) => this.fetchAll(entries));
  private readonly received = signal(0);
  /** How many points a line on screen has, in the middle of all of them; 0 until there is one. */
  readonly points = computed(() => {
    this.received.value;
    const counts = [...this.entries.values()]
      .filter(({ users, spec }) => users > 0 && !spec.window && spec.kind === 'scalar')
      .map((entry) => present(entry)?.answer.n ?? 0)
      .filter((n) => n > 1)
      .sort((a, b) => a - b);
    return counts[counts.length >> 1] ?? 0;
  });

  /** The signal of a series, fetched if it is not there; pair with `release`. */
  use(spec: SeriesSpec): Signal<Series | ApiError | null> {
    const id = idOf(spec);
    let entry = this.entries.get(id);
    if (!entry) {
      entry = { spec, value: signal(null), users: 0, busy: false, again: false, whole: false };
      this.entries.set(id, entry);
    }
    entry.users++;
    if (!present(entry) && !entry.busy) this.want([entry]);
    return entry.value;
  }

  /** Asks at once for series that are used in a moment. */
  ask(specs: SeriesSpec[]): void {
    for (const spec of specs) this.use(spec);
    this.batcher.flush();
    for (const spec of specs) this.release(spec);
  }

  release(spec: SeriesSpec): void {
    const id = idOf(spec);
    const entry = this.entries.get(id);
    if (!entry || --entry.users > 0) return;
    this.entries.delete(id); // to the end: the longest unused goes first
    this.entries.set(id, entry);
    this.forgetOldest();
  }

  refresh(dirty: Dirty): void {
    const touched = [...this.entries.values()].filter(
      ({ spec }) => dirty.all || dirty.runs.get(spec.run)?.has('rows'),
    );
    for (const entry of touched) {
      if (entry.users === 0) this.entries.delete(idOf(entry.spec));
      else if (entry.busy) entry.again = true;
    }
    this.want(touched.filter(({ users, busy }) => users > 0 && !busy));
  }

  /** Asks again for what failed. */
  retry(): void {
    const failed = [...this.entries.values()].filter((e) => e.value.peek() instanceof ApiError);
    this.want(failed.filter(({ users }) => users > 0));
  }

  private forgetOldest(): void {
    const unused = [...this.entries].filter(([, entry]) => entry.users === 0);
    for (const [id] of unused.slice(0, Math.max(0, unused.length - KEPT))) this.entries.delete(id);
  }

  private want(entries: Entry[]): void {
    for (const entry of entries) entry.busy = true;
    this.batcher.add(entries);
  }

  private fetchAll(entries: Entry[]): void {
    for (const alike of groupBy(entries, (entry) => `${gridOf(entry.spec)}${sinceKey(entry)}`)) {
      for (const request of rectangles(alike)) void this.fetch(request);
    }
  }

  private async fetch(entries: Entry[]): Promise<void> {
    try {
      const request = requestFor(entries);
      const { grid, series } = await querySeries(request);
      const answers = new Map(series.map((answer) => [`${answer.run} ${answer.key}`, answer]));
      for (const entry of entries) {
        const answer = answers.get(`${entry.spec.run} ${entry.spec.key}`);
        const fresh = { spec: entry.spec, grid, answer: answer ?? nothing(entry.spec) };
        const from = answer?.reset ? undefined : request.since?.[entry.spec.run]?.from;
        this.receive(entry, from === undefined ? fresh : joined(entry, fresh, from));
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      for (const entry of entries) {
        entry.busy = false;
        if (!present(entry)) entry.value.value = error;
      }
    }
  }

  private receive(entry: Entry, series: Series | null): void {
    entry.busy = false;
    entry.whole = series === null;
    if (series) entry.value.value = series;
    this.received.value++;
    if (!entry.whole && !entry.again) return;
    entry.again = false;
    this.want([entry]);
  }
}

function present(entry: Entry): Series | null {
  const value = entry.value.peek();
  return value && 'answer' in value ? value : null;
}

/** Only whole lines in steps are continued; the rest is small or has no order to rely on. */
function continues(entry: Entry): Series | null {
  const known = present(entry);
  const ordered = entry.spec.x === 'step' || entry.spec.x === 'time';
  return known &&
    ordered &&
    !entry.whole &&
    !entry.spec.window &&
    known.answer.columns.bucket.length > 1
    ? known
    : null;
}

const sinceKey = (entry: Entry): string => {
  const known = continues(entry);
  return known ? `since ${known.answer.generation} ${known.grid.width}` : '';
};

/** Splits entries into requests of runs × keys, so that each asks for exactly these series. */
function rectangles(entries: Entry[]): Entry[][] {
  const byKey = groupBy(entries, ({ spec }) => spec.key);
  const runsOf = (group: Entry[]) =>
    group
      .map(({ spec }) => spec.run)
      .sort((a, b) => a - b)
      .join();
  return groupBy(byKey, runsOf).flatMap((groups) => {
    const most = Math.max(1, Math.floor(SERIES_A_REQUEST / groups[0]!.length));
    return chunks(groups, Math.min(KEYS_A_REQUEST, most)).map((some) => some.flat());
  });
}

function requestFor(entries: Entry[]): SeriesRequest {
  const { kind, x, window, buckets } = entries[0]!.spec;
  return {
    runs: [...new Set(entries.map(({ spec }) => spec.run))],
    keys: [...new Set(entries.map(({ spec }) => spec.key))],
    kind,
    x,
    x0: window?.[0] ?? null,
    x1: window?.[1] ?? null,
    buckets,
    since: sinceOf(entries),
  };
}

function sinceOf(entries: Entry[]): SeriesRequest['since'] {
  const since: NonNullable<SeriesRequest['since']> = {};
  for (const entry of entries) {
    const known = continues(entry);
    if (!known) return null;
    const edge = lastEdge(known.answer.columns, known.grid.width)!;
    const from = Math.min(edge, since[entry.spec.run]?.from ?? edge);
    since[entry.spec.run] = { generation: known.answer.generation, from };
  }
  return since;
}

/** New buckets behind the old ones; null if they do not fit, so that only the whole line will do. */
function joined(entry: Entry, fresh: Series, from: number): Series | null {
  const known = present(entry);
  const { width } = fresh.grid;
  if (!known || known.grid.width !== width) return null;
  const columns = mergeColumns(known.answer.columns, fresh.answer.columns, from, width);
  if (total(columns.count) !== fresh.answer.n) return null; // something came before the last edge
  const { older } = known.answer; // the same generation: no other steps have been logged again
  if ((older?.n ?? 0) !== (fresh.answer.older?.n ?? 0)) return null;
  return { ...fresh, answer: { ...fresh.answer, in_window: fresh.answer.n, columns, older } };
}

function total(counts: Float64Array): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}

const NO_VALUES = new Float64Array(0);

function nothing({ run, key }: SeriesSpec): SeriesAnswer {
  const columns = Object.fromEntries(SERIES_COLUMNS.map((name) => [name, NO_VALUES]));
  return {
    run,
    key,
    n: 0,
    in_window: 0,
    generation: 0,
    exact_points: true,
    x_extent: null,
    columns: columns as SeriesColumns,
  };
}
