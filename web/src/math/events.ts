/** Histogram events as columns: reading answers, merging deltas, and their places on an axis. */

import type { HistogramAxis, HistogramEvents, TensorPart } from '../model/types';
import { PART_COLUMNS } from './parts';

type Columns = Record<string, Float64Array | undefined>;

const PER_EVENT = [
  'ordinal',
  'step',
  'timeUs',
  'batch',
  'lo',
  'hi',
  'bins',
  'n',
  'nan',
  'posInf',
  'negInf',
  'zeros',
  'total',
  'squares',
  'flags',
  'edged',
] as const;

const SERVER_NAMES: Record<string, string> = {
  timeUs: 'time_us',
  posInf: 'pos_inf',
  negInf: 'neg_inf',
};

/** The columns of `POST /api/query/histograms` under their names here. */
export function eventsFromColumns(columns: Columns): HistogramEvents {
  const required = (name: string): Float64Array => {
    const column = columns[SERVER_NAMES[name] ?? name];
    if (column) return column;
    throw new Error(`the server's histogram answer lacks the column "${name}"; expected columns`);
  };
  const events = Object.fromEntries(PER_EVENT.map((name) => [name, required(name)]));
  return {
    ...(events as Record<(typeof PER_EVENT)[number], Float64Array>),
    counts: required('counts'),
    edges: required('edges'),
    magnitudeBins: columns.magnitude_bins,
    magnitudeKeys: columns.magnitude_keys,
    magnitudeCounts: columns.magnitude_counts,
    ...(columns.part_ranks && { parts: partsFrom((name) => required(`part_${name}`)) }),
  };
}

function partsFrom(read: (name: keyof TensorPart) => Float64Array): HistogramEvents['parts'] {
  return Object.fromEntries(PART_COLUMNS.map((name) => [name, read(name)])) as never;
}

/** Old events and new ones in the order (step, ordinal); of an ordinal in both the new one. */
export function mergeEvents(old: HistogramEvents, fresh: HistogramEvents): HistogramEvents {
  const renewed = new Set(fresh.ordinal);
  const keep: [HistogramEvents, number][] = [];
  for (let i = 0; i < old.step.length; i++) {
    if (!renewed.has(old.ordinal[i])) keep.push([old, i]);
  }
  for (let i = 0; i < fresh.step.length; i++) keep.push([fresh, i]);
  keep.sort(([a, i], [b, j]) => a.step[i] - b.step[j] || a.ordinal[i] - b.ordinal[j]);
  return gather(keep);
}

function gather(picks: [HistogramEvents, number][]): HistogramEvents {
  const spans = new Map<HistogramEvents, Spans>();
  const spansOf = (events: HistogramEvents): Spans => {
    const known = spans.get(events) ?? new Spans(events);
    spans.set(events, known);
    return known;
  };
  const scalars = Object.fromEntries(
    PER_EVENT.map((name) => [name, Float64Array.from(picks, ([events, i]) => events[name][i])]),
  ) as Record<(typeof PER_EVENT)[number], Float64Array>;
  const join = (read: (spans: Spans, i: number) => Float64Array) =>
    concatenate(picks.map(([events, i]) => read(spansOf(events), i)));
  const merged: HistogramEvents = {
    ...scalars,
    counts: join((span, i) => span.counts(i)),
    edges: join((span, i) => span.edges(i)),
  };
  if (picks.some(([events]) => events.parts)) {
    merged.parts = partsFrom((name) =>
      Float64Array.from(picks, ([events, i]) => events.parts?.[name][i] ?? 0),
    );
  }
  if (picks.every(([events]) => events.magnitudeBins)) {
    merged.magnitudeBins = Float64Array.from(picks, ([events, i]) => events.magnitudeBins![i]);
    merged.magnitudeKeys = join((span, i) => span.magnitude('magnitudeKeys', i));
    merged.magnitudeCounts = join((span, i) => span.magnitude('magnitudeCounts', i));
  }
  return merged;
}

/** Where each event's counts, edges and magnitudes lie in the flat columns. */
class Spans {
  private readonly binsAt: number[] = [0];
  private readonly edgesAt: number[] = [0];
  private readonly magnitudesAt: number[] = [0];

  constructor(private readonly events: HistogramEvents) {
    for (let i = 0; i < events.step.length; i++) {
      this.binsAt.push(this.binsAt[i] + events.bins[i]);
      this.edgesAt.push(this.edgesAt[i] + (events.edged[i] ? events.bins[i] + 1 : 0));
      this.magnitudesAt.push(this.magnitudesAt[i] + (events.magnitudeBins?.[i] ?? 0));
    }
  }

  counts(i: number): Float64Array {
    return this.events.counts.subarray(this.binsAt[i], this.binsAt[i + 1]);
  }

  edges(i: number): Float64Array {
    return this.events.edges.subarray(this.edgesAt[i], this.edgesAt[i + 1]);
  }

  magnitude(name: 'magnitudeKeys' | 'magnitudeCounts', i: number): Float64Array {
    return this.events[name]!.subarray(this.magnitudesAt[i], this.magnitudesAt[i + 1]);
  }
}

function concatenate(parts: Float64Array[]): Float64Array {
  const joined = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Events in the order of an axis; event order[k] spans position[k] to position[k + 1]. */
export interface EventPlaces {
  order: Int32Array;
  /** One longer than order: the last entry is the end of the last event. */
  position: Float64Array;
}

/**
 * Places of all events on an axis. m events at one value divide the interval to the next value
 * among them; the last interval is as long as the median one. Without batch counts the batch
 * axis is the order of the events.
 */
export function placeEvents(events: HistogramEvents, axis: HistogramAxis): EventPlaces {
  const values = axisValues(events, axis);
  const order = Int32Array.from(values.keys()).sort((a, b) => values[a] - values[b] || a - b);
  const position = new Float64Array(order.length + 1);
  const last = typicalGap(values, order);
  for (let k = 0; k < order.length; ) {
    const value = values[order[k]];
    let next = k + 1;
    while (next < order.length && values[order[next]] === value) next++;
    const gap = next < order.length ? values[order[next]] - value : last;
    for (let i = k; i < next; i++) position[i] = value + (gap * (i - k)) / (next - k);
    if (next === order.length) position[next] = value + gap;
    k = next;
  }
  return { order, position };
}

/** Whether every event knows its batch; else the batch axis is the order of the events. */
export const hasBatches = (events: HistogramEvents): boolean =>
  events.batch.every((batch) => batch >= 0);

function axisValues(events: HistogramEvents, axis: HistogramAxis): Float64Array {
  if (axis === 'step') return events.step;
  if (axis === 'time') return events.timeUs;
  return hasBatches(events) ? events.batch : Float64Array.from(events.batch.keys());
}

function typicalGap(values: Float64Array, order: Int32Array): number {
  const gaps: number[] = [];
  for (let k = 1; k < order.length; k++) {
    const gap = values[order[k]] - values[order[k - 1]];
    if (gap > 0) gaps.push(gap);
  }
  gaps.sort((a, b) => a - b);
  return gaps.length > 0 ? gaps[Math.floor(gaps.length / 2)] : 1;
}

/** `1` of `3`: which of the events that share a step this one is. */
export function eventRank(events: HistogramEvents, i: number): { rank: number; of: number } {
  const step = events.step[i];
  let from = i;
  let to = i;
  while (from > 0 && events.step[from - 1] === step) from--;
  while (to + 1 < events.step.length && events.step[to + 1] === step) to++;
  return { rank: i - from + 1, of: to - from + 1 };
}
