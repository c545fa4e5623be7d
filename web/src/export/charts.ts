/** Added charts of `wandb.plot` in an exported view, at the last step of each run. */

import { ApiError } from '../api/client';
import { mediaRows } from '../api/media';
import { exploredPlot } from '../explore/plotFigure';
import { plotKind } from '../math/plots';
import { ownersOf } from '../state/lines/metricLines';
import { itemsAt, readTables } from '../state/media/mediaMoment';
import { plotTables, specOf } from '../state/media/plots';
import { panelSettings } from '../state/view/view';
import type { Slot } from './types';

export async function addCharts(slots: Slot[]): Promise<void> {
  for (const slot of slots) {
    try {
      await addChart(slot);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // else the file says that it has no such panel
    }
  }
}

async function addChart({ id, title, fields: [field], runs, panels }: Slot): Promise<void> {
  const owners = field ? ownersOf([field], runs) : [];
  const [spec] = owners.flatMap((run) => specOf(run, field.key) ?? []);
  if (!spec || !plotKind(spec)) return;
  const logged = await Promise.all(
    owners.map(async (run) => ({ run, rows: await mediaRows(run.uid, field.key, null) })),
  );
  const shown = itemsAt(logged, Number.POSITIVE_INFINITY);
  const tables = plotTables(await readTables(shown), owners, spec);
  if (tables.length === 0 || tables.some(({ columns }) => columns.missing.length > 0)) return;
  panels.push({ ...exploredPlot(spec, tables, panelSettings(id).shares === '1'), title });
}
