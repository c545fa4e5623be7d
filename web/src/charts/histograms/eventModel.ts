/** What a histogram view over time shows: its events on the x-axis, its value range and scale. */

import { type EventPlaces, placeEvents } from '../../math/events';
import { HistogramTable } from '../../math/histogram';
import { formatShare, formatShort } from '../../math/numbers';
import { lacksParts, partText } from '../../math/parts';
import { defaultRange, fullRange, symlogCore } from '../../math/percentiles';
import { LINEAR, symlog, type ValueMap } from '../../math/scale';
import { lastAtOrBefore } from '../../math/search';
import type {
  Histogram,
  HistogramAxis,
  HistogramSeries,
  Moment,
  Note,
  ValueOptions,
  Window,
} from '../../model/types';
import { momentName, uncapital } from '../axes';

export interface EventModel {
  series: HistogramSeries;
  table: HistogramTable;
  places: EventPlaces;
  axis: HistogramAxis;
  x: [number, number];
  value: [number, number];
  map: ValueMap;
}

export function buildEvents(
  series: HistogramSeries,
  x: { kind: HistogramAxis; window: Window },
  value: ValueOptions,
): EventModel {
  const table = new HistogramTable(series.events);
  const places = placeEvents(series.events, x.kind);
  const histograms = Array.from({ length: table.length }, (_, i) => table.at(i));
  const range = valueRange(histograms, value);
  const largest = Math.max(Math.abs(range[0]), Math.abs(range[1]));
  const map = value.scale === 'linear' ? LINEAR : symlog(symlogCore(histograms, largest));
  return { series, table, places, axis: x.kind, x: xRange(places, x.window), value: range, map };
}

function valueRange(histograms: Histogram[], value: ValueOptions): [number, number] {
  const range = value.full ? fullRange(histograms) : defaultRange(histograms);
  const lo = value.window.min ?? range[0];
  const hi = value.window.max ?? range[1];
  return hi > lo ? [lo, hi] : range;
}

function xRange({ position }: EventPlaces, window: Window): [number, number] {
  const lo = window.min ?? position[0] ?? 0;
  const hi = window.max ?? position[position.length - 1] ?? 1;
  return hi > lo ? [lo, hi] : [lo, lo + 1];
}

/** Place (index in `places.order`) of the event that is current at x, or -1 before the first. */
export function placeAt({ places }: EventModel, x: number): number {
  const count = places.order.length;
  if (count === 0 || x > places.position[count]) return -1;
  return Math.min(count - 1, lastAtOrBefore(places.position, x));
}

/** Index of the event that is current at x in the series' events, or -1. */
export function eventAt(model: EventModel, x: number): number {
  const place = placeAt(model, x);
  return place < 0 ? -1 : model.places.order[place];
}

/** Where event `index` begins on the x-axis. */
export function eventX({ places }: EventModel, index: number): number {
  return places.position[places.order.indexOf(index)];
}

/** Where event `index` was logged: events that share a step share their moment. */
export function eventMoment(model: EventModel, index: number): Moment {
  const { step, timeUs } = model.series.events;
  const { axis } = model;
  const place = axis === 'step' ? step[index] : timeUs[index];
  return { x: axis === 'batch' ? Math.floor(eventX(model, index)) : place, axis, pinned: false };
}

/** How many events exist, how many are here, and what was not finite. */
export function eventNotes({ series, table, axis, places }: EventModel): Note[] {
  const notes: Note[] = [];
  if (series.total > table.length) {
    const text = `${formatShort(table.length)} of ${formatShort(series.total)} histograms`;
    notes.push({ text, tone: 'plain' });
  }
  notes.push(...partNotes(table));
  const { nan, posInf, negInf } = series.events;
  for (let place = 0; place < places.order.length; place++) {
    const i = places.order[place];
    if (nan[i] + posInf[i] + negInf[i] === 0) continue;
    const at = uncapital(momentName(axis, { x: places.position[place] }));
    notes.push({ text: `non-finite from ${at}`, tone: 'bad' });
    break;
  }
  return notes;
}

/** What the last event holds of its tensor. */
function partNotes(table: HistogramTable): Note[] {
  const last = table.length > 0 ? table.at(table.length - 1) : null;
  if (!last?.part) return [];
  const tone = lacksParts(last.part, last) ? 'warn' : 'plain';
  return [{ text: partText(last.part, last), tone }];
}

/** `0.02 % beyond the axis (double-click: show all)`, or nothing. */
export function outsideNote(outside: number, mass: number): Note[] {
  if (!(outside > 0) || !(mass > 0)) return [];
  return [
    {
      text: `${formatShare(outside / mass)} beyond the axis (double-click: show all)`,
      tone: 'plain',
    },
  ];
}

/** The one value that all events consist of, or null. */
export function commonConstant({ table }: EventModel): number | null {
  let value: number | null = null;
  for (let i = 0; i < table.length; i++) {
    const { n, lo, hi } = table.at(i);
    if (!(n > 0)) continue;
    if (lo !== hi || (value !== null && value !== lo)) return null;
    value = lo;
  }
  return value;
}
