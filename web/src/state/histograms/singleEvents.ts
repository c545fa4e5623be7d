/** Single histograms of the event series on screen. */

import type { Run } from '../../api/types';
import { HistogramTable } from '../../math/histogram';
import { lastAtOrBefore } from '../../math/search';
import type { Histogram, HistogramSeries, StepOverlay } from '../../model/types';
import { colorOf } from '../runs/visibility';
import type { EventSeries } from './histograms';

const tables = new WeakMap<EventSeries, HistogramTable>();

export function tableOf(series: EventSeries): HistogramTable {
  let table = tables.get(series);
  if (!table) {
    table = new HistogramTable(series.events);
    tables.set(series, table);
  }
  return table;
}

/** The event that was current at a step: the last one at or before it, else the first. */
export function eventAtStep(series: EventSeries, step: number | null): number {
  const { step: steps } = series.events;
  if (step === null) return steps.length - 1;
  return Math.max(0, lastAtOrBefore(steps, step));
}

export function chartSeries(series: EventSeries, run: Run): HistogramSeries {
  const { events, n } = series;
  return { id: String(run.uid), label: run.name, color: colorOf(run), events, total: n };
}

export function overlayOf(run: Run, histogram: Histogram): StepOverlay {
  return {
    id: String(run.uid),
    label: run.name,
    color: colorOf(run),
    reference: false,
    histogram,
  };
}
