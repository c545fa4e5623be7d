/** Statistics of all watched tensors of a run over steps: layer map, RMS lines, sparklines. */

import { type Signal, signal } from '@preact/signals';
import { ApiError, queryTensors } from '../../api/client';
import type { Key, Tensor, TensorColumns, TensorResponse } from '../../api/types';
import { mix, parseHex, toCss } from '../../math/color';
import { tensorName } from '../../math/layers';
import { mapPartText } from '../../math/parts';
import type { Tensor as ChartTensor, Line, Note } from '../../model/types';
import { shownKey } from '../layerKeys';
import type { Dirty } from '../refresh';

const BUCKETS = 300;
/** All tensors of a model are a large answer: a growing run brings it this often. */
const INTERVAL_MS = 3000;

/** The map of so many tensors takes the height of two panels. */
const TALL_FROM = 100;

export const isTall = (fields: Key[]): boolean => fields.length >= TALL_FROM;

interface Entry {
  run: number;
  prefix: string;
  value: Signal<TensorResponse | ApiError | null>;
  users: number;
  busy: boolean;
  timer: number;
  fetched: number;
}

export class TensorStore {
  private readonly entries = new Map<string, Entry>();

  use(run: number, prefix: string): Signal<TensorResponse | ApiError | null> {
    const id = `${run} ${prefix}`;
    let entry = this.entries.get(id);
    if (!entry) {
      entry = { run, prefix, value: signal(null), users: 0, busy: false, timer: 0, fetched: 0 };
      this.entries.set(id, entry);
      void fetchInto(entry);
    }
    entry.users++;
    return entry.value;
  }

  release(run: number, prefix: string): void {
    const id = `${run} ${prefix}`;
    const entry = this.entries.get(id);
    if (!entry || --entry.users > 0) return;
    clearTimeout(entry.timer);
    this.entries.delete(id);
  }

  refresh(dirty: Dirty): void {
    for (const entry of this.entries.values()) {
      const touched = dirty.all || dirty.runs.get(entry.run)?.has('histograms');
      if (touched && !entry.timer) schedule(entry);
    }
  }

  retry(): void {
    for (const entry of this.entries.values()) {
      if (entry.value.peek() instanceof ApiError) void fetchInto(entry);
    }
  }
}

function schedule(entry: Entry): void {
  const wait = Math.max(0, entry.fetched + INTERVAL_MS - Date.now());
  entry.timer = setTimeout(() => {
    entry.timer = 0;
    void fetchInto(entry);
  }, wait);
}

async function fetchInto(entry: Entry): Promise<void> {
  if (entry.busy) return schedule(entry);
  entry.busy = true;
  entry.fetched = Date.now();
  const { run, prefix } = entry;
  try {
    const range = { x: 'step', x0: null, x1: null, buckets: BUCKETS };
    const found = await queryTensors({ run, prefix, keys: null, ...range });
    const tensors = found.tensors.map((one) => ({ ...one, key: shownKey(run, one.key) }));
    entry.value.value = { ...found, tensors };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!entry.value.peek()) entry.value.value = error;
  } finally {
    entry.busy = false;
  }
}

/** The columns that the layer map reads, under its names. */
export function chartTensor({ key, columns }: Tensor): ChartTensor {
  const { bucket, n, nan, zeros, squares, pos_inf: posInf, neg_inf: negInf } = columns;
  return { key, bucket, n, nan, posInf, negInf, zeros, squares, xBad: columns.x_bad };
}

/** What the tensors lie on, where that is several processes. */
export function partNotes(answer: TensorResponse | undefined): Note[] {
  const text = mapPartText((answer?.tensors ?? []).flatMap(({ part }) => part ?? []));
  return text ? [{ text, tone: 'plain' }] : [];
}

/** Root mean square of a tensor in each bucket; NaN where nothing was finite. */
function rmsOf({ columns: { squares, n } }: Tensor): Float64Array {
  return squares.map((sum, i) => Math.sqrt(sum / n[i]));
}

/** Standard deviation of a tensor's values in each bucket. */
export function stdOf({ columns: { squares, total, n } }: Tensor): Float64Array {
  return squares.map((sum, i) => Math.sqrt(Math.max(0, sum / n[i] - (total[i] / n[i]) ** 2)));
}

/** From the first layer to the last, along the palette's blue and orange ends. */
export const DEPTH_COLORS = ['#6328ad', '#1566df', '#0fa0cb', '#00a36c', '#d19a00', '#de5b00'];

export function depthColor(position: number): string {
  const stops = DEPTH_COLORS.map((hex) => parseHex(hex)!);
  const place = position * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(place));
  return toCss(mix(stops[below], stops[below + 1], place - below));
}

/** One line per tensor: its RMS over steps, coloured by its depth in the network. */
export function rmsLines({ grid, tensors }: TensorResponse): Line[] {
  return tensors.map((tensor, i) => {
    const { columns, key } = tensor;
    const rms = rmsOf(tensor);
    const middle = (columns.x_first.length && (grid.width - 1) / 2) || 0;
    const x = columns.bucket.map((bucket, k) =>
      columns.x_first[k] === columns.x_last[k] ? columns.x_first[k] : bucket * grid.width + middle,
    );
    const color = depthColor(tensors.length > 1 ? i / (tensors.length - 1) : 0);
    const points = columns.events.reduce((sum, events) => sum + events, 0);
    return {
      id: key,
      label: tensorName(key),
      color,
      dash: [],
      ...sameEverywhere(rms, columns, x),
      nan: columns.nan,
      posInf: columns.pos_inf,
      negInf: columns.neg_inf,
      points,
      spacing: points > 1 ? (x[x.length - 1] - x[0]) / (points - 1) : 0,
    };
  });
}

function sameEverywhere(value: Float64Array, columns: TensorColumns, x: Float64Array) {
  const { events } = columns;
  return {
    x,
    mean: value,
    min: value,
    max: value,
    first: value,
    last: value,
    count: events,
    finite: value.map((v, i) => (Number.isFinite(v) ? events[i] : 0)),
    xFirst: columns.x_first,
    xLast: columns.x_last,
    xMin: x,
    xMax: x,
    xBad: columns.x_bad,
  };
}
