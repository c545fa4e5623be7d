/**
 * Keys as sections: by the first part of the key, charts of `wandb.plot` by themselves, tensors after
 * scalars, machine metrics last.
 */

import { computed } from '@preact/signals';
import type { Catalogue, Key, Run } from '../../api/types';
import { fieldTitle } from '../../math/keyTitle';
import { machineMetric } from '../../math/machineMetrics';
import { isMedia } from '../../math/media';
import { telling } from '../../math/metricNames';
import { plotSpecs } from '../../math/plotSpecs';
import { isHidden } from '../project';
import { machinePanels, type PanelKey } from './machinePanels';
import { panelSearch, params, setParams } from './view';

export interface Section {
  name: string;
  kind: 'scalars' | 'plots' | 'tensors' | 'histograms' | 'system';
  keys: PanelKey[];
}

/** Names of sections that were closed; after a slash, which no name has, those that were opened. */
const touched = computed(() => new Set((params.value.fold ?? '').split(',').filter(Boolean)));

/** What the machine did, below what was logged; on a page of its own it has other names. */
const SYSTEM_SECTION = 'system';

const isAside = ({ name, kind }: Section): boolean => kind === 'system' && name === SYSTEM_SECTION;

/** What the machine did is closed until somebody opens it or searches for it. */
export function isOpen(section: Section): boolean {
  const { name } = section;
  if (touched.value.has(name)) return false;
  return !isAside(section) || touched.value.has(`/${name}`) || panelSearch.value !== '';
}

export function setOpen(section: Section, open: boolean): void {
  const { name } = section;
  const names = new Set(touched.peek());
  names.delete(name);
  names.delete(`/${name}`);
  if (!open) names.add(name);
  else if (isAside(section)) names.add(`/${name}`);
  setParams({ fold: [...names].join(',') }, 'replace');
}

/** Keys without a slash stand together, first. */
const PLAIN_SECTION = 'charts';
const PLOT_SECTION = 'custom charts';

export function sectionName(key: Pick<Key, 'kind' | 'key'>): string {
  if (key.kind === 'system') return SYSTEM_SECTION;
  const cut = key.key.indexOf('/');
  return cut > 0 ? key.key.slice(0, cut) : PLAIN_SECTION;
}

function kindOf(name: string, keys: Key[]): Section['kind'] {
  if (name === PLOT_SECTION) return 'plots';
  if (keys[0].kind === 'system') return 'system';
  const histograms = keys.filter(({ kind }) => kind === 'histogram');
  if (histograms.length === 0) return 'scalars';
  // the client of W&B names what it watches so, and can't say that it was watched
  const named = WATCHED_SECTIONS.has(name) && histograms.length === keys.length;
  return named || histograms.some(({ watched }) => watched) ? 'tensors' : 'histograms';
}

const WATCHED_SECTIONS = new Set(['gradients', 'parameters']);

const RANK = { scalars: 0, plots: 1, histograms: 2, tensors: 3, system: 4 };

/** What is looked at first stands first. */
const FIRST = [/^charts$/, /^train/, /^(val|valid|eval)/, /^test/];

/** Keys without a slash stand first only where they tell more than counters and settings. */
function rank({ name, kind, keys }: Section): number {
  const aside = name === PLAIN_SECTION && !keys.some(({ key }) => telling(key) < 2);
  const known = aside ? -1 : FIRST.findIndex((pattern) => pattern.test(name));
  return RANK[kind] * 10 + (known < 0 ? FIRST.length : known);
}

const order = (a: Section, b: Section): number => rank(a) - rank(b) || a.name.localeCompare(b.name);

/** Losses and accuracies before the rest, counters and settings last. */
const inReadingOrder = (keys: Key[]): Key[] =>
  [...keys].sort((a, b) => telling(a.key) - telling(b.key));

const isDrawn = ({ kind, media }: Key): boolean => kind !== 'json' || isMedia(media);

/** The keys of charts by those of the tables that they draw. */
export function plotKeys(runs: Run[]): Map<string, string> {
  const specs = runs.flatMap(({ config }) => plotSpecs(config));
  return new Map(specs.map(({ key, tableKey }) => [tableKey, key]));
}

/** Confusion matrices of several runs stand side by side: they need the room of two panels. */
export function isWide(key: Key, runs: Run[]): boolean {
  const owners = runs.filter(({ uid }) => key.runs.includes(uid));
  const specs = owners.flatMap(({ config }) => plotSpecs(config));
  const own = specs.filter(({ tableKey }) => tableKey === key.key);
  return owners.length > 1 && own.some(({ name }) => name.startsWith('wandb/confusion_matrix'));
}

/** A chart is found by its own name too, a machine metric of a process by that of its panel. */
const fits = (key: Key, plot: string | undefined, search: RegExp): boolean =>
  [plot ?? fieldTitle(key), key.key, machineMetric(key.key)].some((name) => search.test(name));

/** Sections of the keys that any of the runs has and whose name fits the search. */
export function sectionsOf(catalogue: Catalogue, runs: Run[], search: RegExp | null): Section[] {
  const uids = new Set(runs.map(({ uid }) => uid));
  const plots = plotKeys(runs);
  const byName = new Map<string, Key[]>();
  for (const key of catalogue.keys) {
    if (!isDrawn(key) || isHidden(catalogue, key)) continue;
    const plot = plots.get(key.key);
    if (search && !fits(key, plot, search)) continue;
    if (!key.runs.some((uid) => uids.has(uid))) continue;
    const name = plot === undefined ? sectionName(key) : PLOT_SECTION;
    const alike = byName.get(name);
    if (alike) alike.push(key);
    else byName.set(name, [key]);
  }
  const sections = [...byName].map(([name, found]): Section => {
    const kind = kindOf(name, found);
    if (kind === 'system') return { name, keys: machinePanels(found), kind };
    return { name, keys: kind === 'scalars' ? inReadingOrder(found) : found, kind };
  });
  return sections.sort(order);
}
