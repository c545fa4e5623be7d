/** The panels of a view with all their numbers, as an exported file holds them. */

import { queryHistograms, querySeries } from '../api/client';
import type { Key, Run } from '../api/types';
import { eventsFromColumns } from '../math/events';
import { keyTitle } from '../math/keyTitle';
import { chunks, groupBy } from '../state/batcher';
import type { Explored } from '../state/explore';
import { BUCKETS, rangeOf, specOf, wholeLine, xOf } from '../state/lines';
import { sectionsOf } from '../state/sections';
import type { Series } from '../state/series';
import { panelSearch, panelSettings, parseSmoothing, smoothing, xAxis } from '../state/view';
import { userRegExp } from '../state/visibility';
import type { Scope } from '../state/workspace';

export interface Part {
  name: string;
  panels: Explored[];
}

export interface Collected {
  parts: Part[];
  /** What the view has and the file has not. */
  left: string[];
}

const SERIES_A_REQUEST = 200;
/** Events of one heatmap, and heatmaps of one file: beyond, files get too large to pass on. */
const EVENTS = 300;
const HEATMAPS = 40;

const isLine = ({ kind }: Key): boolean => kind === 'scalar' || kind === 'system';

export async function collect({ workspace, runs }: Scope): Promise<Collected> {
  const shown = runs.value;
  const catalogue = workspace.store.catalogue.value;
  const sections = sectionsOf(catalogue, shown, userRegExp(panelSearch.value));
  const keys = sections.flatMap((section) => section.keys);
  const drawn = new Map<string, Explored>();
  const lines = keys.filter(isLine);
  for (const alike of groupBy(lines, (key) => xOf(workspace, key, xAxis.value) + key.kind)) {
    await addLines(drawn, alike, shown, xOf(workspace, alike[0], xAxis.value));
  }
  const histograms = keys.filter(({ kind }) => kind === 'histogram');
  for (const key of histograms.slice(0, HEATMAPS)) await addHeatmap(drawn, key, shown);
  const parts = sections.map(({ name, keys: own }) => ({
    name,
    panels: own.flatMap((key) => drawn.get(idOf(key)) ?? []),
  }));
  return { parts: parts.filter(({ panels }) => panels.length > 0), left: leftOut(keys) };
}

const idOf = ({ kind, key }: Key): string => `${kind} ${key}`;

function leftOut(keys: Key[]): string[] {
  const media = keys.filter(({ kind }) => kind === 'json').length;
  const histograms = keys.filter(({ kind }) => kind === 'histogram').length;
  return [
    ...(media > 0 ? [`${media} media panels`] : []),
    ...(histograms > HEATMAPS ? [`${histograms - HEATMAPS} of ${histograms} histograms`] : []),
  ];
}

async function addLines(
  drawn: Map<string, Explored>,
  keys: Key[],
  runs: Run[],
  x: string,
): Promise<void> {
  const most = Math.max(1, Math.floor(SERIES_A_REQUEST / runs.length));
  for (const some of chunks(keys, most)) {
    const { grid, series } = await querySeries({
      runs: runs.map(({ uid }) => uid),
      keys: some.map(({ key }) => key),
      kind: some[0].kind === 'system' ? 'system' : 'scalar',
      x,
      x0: null,
      x1: null,
      buckets: BUCKETS,
      since: null,
    });
    for (const key of some) {
      const own = runs.flatMap((run): [Run, Series][] => {
        const answer = series.find((one) => one.run === run.uid && one.key === key.key);
        return answer?.n ? [[run, { spec: specOf(key, run, x, null), grid, answer }]] : [];
      });
      drawn.set(idOf(key), linesOf(key, x, own));
    }
  }
}

function linesOf(key: Key, x: string, own: [Run, Series][]): Explored {
  const settings = panelSettings(idOf(key));
  return {
    kind: 'lines',
    title: keyTitle(key.key),
    x,
    lines: own.map(([run, series]) => wholeLine(series, run)),
    log: settings.ylog === '1',
    smoothing: parseSmoothing(settings.smooth) ?? smoothing.value,
    range: rangeOf(own.map(([, series]) => series)),
  };
}

/** The heatmap of the first shown run that has the key. */
async function addHeatmap(drawn: Map<string, Explored>, key: Key, runs: Run[]): Promise<void> {
  const run = runs.find(({ uid }) => key.runs.includes(uid));
  if (!run) return;
  const [answer] = await queryHistograms({
    runs: [run.uid],
    keys: [key.key],
    x0: null,
    x1: null,
    limit: EVENTS,
    magnitude: false,
    ordinals: null,
  });
  if (!answer) return;
  const title = runs.length > 1 ? `${keyTitle(key.key)} · ${run.name}` : keyTitle(key.key);
  const events = eventsFromColumns(answer.columns);
  drawn.set(idOf(key), { kind: 'heatmap', title, events });
}
