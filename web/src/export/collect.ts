/** The panels of a view with all their numbers, as an exported file holds them. */

import { querySeries } from '../api/client';
import type { Key, KeyKind, Run } from '../api/types';
import { keyTitle } from '../math/keyTitle';
import { chunks, groupBy } from '../state/batcher';
import { cascaded, smoothingOf, xAxisOf } from '../state/cascade';
import type { Explored } from '../state/explore';
import { BUCKETS, rangeOf, specOf, wholeLine, xOf } from '../state/lines';
import { ownPanels } from '../state/ownPanels';
import { sectionsOf } from '../state/sections';
import type { Series } from '../state/series';
import { panelSearch } from '../state/view';
import { userRegExp } from '../state/visibility';
import type { Scope } from '../state/workspace';
import { addHeatmaps } from './heatmaps';
import { addMedia, type ExportedMedia } from './media';

export type ExportedPanel = Explored | ExportedMedia;

export interface Part {
  name: string;
  panels: ExportedPanel[];
}

export interface Collected {
  parts: Part[];
  /** What the view has and the file has not. */
  left: string[];
}

/** What has been read so far, by key. */
export class Found {
  readonly left: string[] = [];
  private readonly panels = new Map<string, ExportedPanel[]>();

  add(key: Key, panel: ExportedPanel): void {
    this.panels.set(idOf(key), [...this.of(key), panel]);
  }

  of(key: Key): ExportedPanel[] {
    return this.panels.get(idOf(key)) ?? [];
  }
}

const SERIES_A_REQUEST = 200;

const isLine = ({ kind }: Key): boolean => kind === 'scalar' || kind === 'system';

export async function collect({ workspace, runs, single }: Scope): Promise<Collected> {
  const shown = runs.value;
  const catalogue = workspace.store.catalogue.value;
  const sections = sectionsOf(catalogue, shown, userRegExp(panelSearch.value));
  const keys = sections.flatMap((section) => section.keys);
  const found = new Found();
  const lines = keys.filter(isLine);
  for (const alike of groupBy(lines, (key) => xOf(workspace, key, xAxisOf(idOf(key))) + key.kind)) {
    await addLines(found, alike, shown, xOf(workspace, alike[0], xAxisOf(idOf(alike[0]))));
  }
  const ofKind = (wanted: KeyKind) => keys.filter(({ kind }) => kind === wanted);
  await addHeatmaps(found, ofKind('histogram'), shown);
  await addMedia(found, ofKind('json'), shown);
  if (!single && ownPanels.value.length > 0) found.left.push('added panels');
  const parts = sections.map(({ name, keys: own }) => ({
    name,
    panels: own.flatMap((key) => found.of(key)).filter(hasContent),
  }));
  return { parts: parts.filter(({ panels }) => panels.length > 0), left: found.left };
}

const hasContent = (panel: ExportedPanel): boolean =>
  panel.kind !== 'media' || panel.steps.length > 0;

const idOf = ({ kind, key }: Key): string => `${kind} ${key}`;

async function addLines(found: Found, keys: Key[], runs: Run[], x: string): Promise<void> {
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
      found.add(key, linesOf(key, x, own));
    }
  }
}

function linesOf(key: Key, x: string, own: [Run, Series][]): Explored {
  return {
    kind: 'lines',
    title: cascaded(idOf(key)).title ?? keyTitle(key.key),
    x,
    lines: own.map(([run, series]) => wholeLine(series, run)),
    log: cascaded(idOf(key)).ylog === '1',
    smoothing: smoothingOf(idOf(key)),
    range: rangeOf(own.map(([, series]) => series)),
  };
}
