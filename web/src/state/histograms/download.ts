/** The numbers of histogram panels and layer maps as files. */

import type { Run } from '../../api/types';
import { binPieces } from '../../math/histogram';
import type { Histogram } from '../../model/types';
import { drawnPanel } from '../panels';
import { type CsvRow, saveCsv } from '../runs/download';
import type { EventSeries } from './histograms';
import { tableOf } from './singleEvents';

/** All bins of an event, one row each; what was not finite stands by its name. */
function binRows(event: Histogram): CsvRow[] {
  const { from, to, mass } = binPieces(event);
  const bins = Array.from(mass, (count, i): CsvRow => [from[i], to[i], count]);
  const others: [string, number][] = [
    ['nan', event.nan],
    ['inf', event.posInf],
    ['-inf', event.negInf],
  ];
  return [
    ...bins,
    ...others.flatMap(([name, count]): CsvRow[] => (count > 0 ? [[name, name, count]] : [])),
  ];
}

function eventRows(run: Run, event: Histogram): CsvRow[] {
  const place = [run.name, run.run_id, event.step, event.batch];
  return binRows(event).map((row) => [...place, ...row]);
}

/** The logged bins of all events that the panel holds, of each run. */
export function downloadHistograms(key: string, all: EventSeries[], runs: Run[]): void {
  const head = ['run', 'run_id', 'step', 'batch', 'from', 'to', 'count'];
  const rows = all.flatMap((series) => {
    const run = runs.find(({ uid }) => uid === series.spec.run);
    const table = tableOf(series);
    return run
      ? Array.from({ length: table.length }, (_, i) => eventRows(run, table.at(i))).flat()
      : [];
  });
  saveCsv(key, [head, ...rows]);
}

interface DrawnLayers {
  statistic: string;
  rows: {
    key: string;
    group: { size: number; spread: string } | null;
    x: number[];
    values: number[];
  }[];
}

/** The cells of a layer map as it is drawn. */
export function downloadLayers(id: string, name: string, run: Run): void {
  const drawn = drawnPanel(id)?.data as DrawnLayers | undefined;
  if (!drawn) return;
  const rows = drawn.rows.flatMap(({ key, group, x, values }) => {
    const name = group ? `${key} (${group.spread} of ${group.size})` : key;
    return x.map((step, i): CsvRow => [run.name, run.run_id, name, step, values[i]]);
  });
  saveCsv(name, [['run', 'run_id', 'tensor', 'step', drawn.statistic], ...rows]);
}
