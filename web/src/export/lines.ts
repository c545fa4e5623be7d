/** The lines of an exported view, whole: of runs or groups, and computed ones. */

import { querySeries } from '../api/client';
import type { Key, Run } from '../api/types';
import { chunks, groupBy } from '../state/batcher';
import type { Explored } from '../state/explore';
import { cascaded, smoothingOf, xAxisOf } from '../state/lines/cascade';
import { compute, type Formula, readFormulas, wholeParts } from '../state/lines/computed';
import { type Drawn, extendedLines } from '../state/lines/computedLines';
import { groupingOf } from '../state/lines/lineGroups';
import { BUCKETS, rangeOf, specOf, xOf } from '../state/lines/lines';
import { drawnLines, linesOfRuns, ownersOf } from '../state/lines/metricLines';
import type { Series } from '../state/lines/series';
import type { Workspace } from '../state/workspace/workspace';
import type { Slot } from './types';

const SERIES_A_REQUEST = 200;

export async function addLines(workspace: Workspace, slots: Slot[]): Promise<void> {
  const drawable = slots.filter(({ fields, runs }) => ownersOf(fields, runs).length > 0);
  const xAt = ({ id, fields }: Slot) => xOf(workspace, fields[0], xAxisOf(id));
  const alike = (slot: Slot) =>
    [xAt(slot), slot.fields[0].kind, ...slot.runs.map(({ uid }) => uid)].join(' ');
  for (const some of groupBy(drawable, alike)) {
    const [x, { runs }] = [xAt(some[0]), some[0]];
    const fields = [...new Set(some.flatMap((slot) => slot.fields))];
    const most = Math.max(1, Math.floor(SERIES_A_REQUEST / runs.length));
    const series: Series[] = [];
    for (const part of chunks(fields, most)) series.push(...(await ask(part, runs, x)));
    for (const slot of some) slot.panels.push(await linesOf(workspace, slot, x, series));
  }
}

/** Keys of one kind, on one grid. */
async function ask(keys: Key[], runs: Run[], x: string): Promise<Series[]> {
  const { grid, series } = await querySeries({
    runs: runs.map(({ uid }) => uid),
    keys: keys.map(({ key }) => key),
    kind: keys[0].kind === 'system' ? 'system' : 'scalar',
    x,
    x0: null,
    x1: null,
    buckets: BUCKETS,
    since: null,
  });
  return keys.flatMap((key) =>
    runs.flatMap((run): Series[] => {
      const answer = series.find((one) => one.run === run.uid && one.key === key.key);
      return answer?.n ? [{ spec: specOf(key, run, x, null), grid, answer }] : [];
    }),
  );
}

async function linesOf(
  workspace: Workspace,
  { id, title, fields, runs }: Slot,
  x: string,
  series: Series[],
): Promise<Explored> {
  const settings = cascaded(id);
  const own = series.filter(({ spec }) => fields.some(({ key }) => key === spec.key));
  const [grouping, fetched] = [groupingOf(settings), { whole: own, parts: [] }];
  const [catalogue, all] = [workspace.store.catalogue.value, workspace.store.runs.value];
  const logged = drawnLines(linesOfRuns(fields, runs, fetched), runs, all, grouping, fetched);
  const { formulas } = readFormulas(settings, catalogue, fields[0].kind);
  const drawn = await computed(formulas, runs, x);
  return {
    kind: 'lines',
    title,
    x,
    lines: extendedLines(logged, drawn, settings, { shown: runs, all, grouping }),
    log: settings.ylog === '1',
    smoothing: smoothingOf(id),
    range: rangeOf(own),
  };
}

async function computed(formulas: Formula[], runs: Run[], x: string): Promise<Drawn> {
  const keys = [...new Set(formulas.flatMap((formula) => formula.keys))].filter((key) => !!key);
  const fetched = keys.length > 0 ? await ask(keys, runs, x) : [];
  return { formulas, whole: compute(wholeParts(formulas, runs, x), fetched), inside: [] };
}
