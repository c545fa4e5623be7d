/** Panels that the user has added, and where and how large all panels stand. */

import { computed, signal } from '@preact/signals';
import type { Key, Run } from '../../api/types';
import { keyTitle } from '../../math/keyTitle';
import { isMedia, isTable } from '../../math/media';
import { escapeRegExp } from '../../math/search';
import { panelId } from '../panelIds';
import { columnName } from '../runs/runColumns';
import { userRegExp } from '../runs/visibility';
import { panelSizes, sizesWith } from '../view/layout';
import { plotKeys } from '../view/sections';
import { type HistogramView, params, setParams, settingsOf } from '../view/view';

/** Of logged keys. */
export type KeyKind = 'lines' | 'histogram' | 'table' | 'chart' | 'media';
/** Of values that runs have once, or of none. */
export type ValueKind =
  | 'bars'
  | 'scalar'
  | 'scatter'
  | 'parallel'
  | 'importance'
  | 'comparer'
  | 'markdown';
export type OwnKind = KeyKind | ValueKind;

export interface OwnPanel<Kind extends OwnKind = OwnKind> {
  id: string;
  kind: Kind;
  title: string;
  /** Names of logged keys or charts; fields (`config.lr`, `summary.loss`) of the other kinds, x before y. */
  keys: string[];
  /** Of `scalar`: what of the shown runs. */
  statistic?: 'min' | 'max' | 'mean' | 'median';
  /** Of `lines`, in place of keys: all metrics that fit this regular expression, also later ones. */
  pattern?: string;
  /** Of `histogram`: without it, the workspace's. */
  view?: HistogramView;
  /** Of kinds of logged keys: ids of the runs; without them, all that are shown. */
  runs?: string[];
  /** Of `importance`: without the runs that are hidden. */
  onlyShown?: true;
  /** Of `markdown`. */
  text?: string;
}

/** Which keys a panel of a kind can show; charts of `wandb.plot` are known by their tables. */
const SHOWN: Record<KeyKind, (key: Key, plots: Map<string, string>) => boolean> = {
  lines: ({ kind }) => kind === 'scalar',
  histogram: ({ kind }) => kind === 'histogram',
  table: ({ kind, media }) => kind === 'json' && isTable(media),
  chart: ({ key }, plots) => plots.has(key),
  media: ({ kind, media }) => kind === 'json' && isMedia(media),
};

export const isKeyKind = (kind: OwnKind): kind is KeyKind => kind in SHOWN;
export const showsKeys = (panel: OwnPanel): panel is OwnPanel<KeyKind> => isKeyKind(panel.kind);

/** The keys that a panel of a kind can show, by the names that they have there. */
export function choicesFor(kind: KeyKind, keys: Key[], runs: Run[]): Map<string, Key> {
  const plots: Map<string, string> = kind === 'chart' ? plotKeys(runs) : new Map();
  const known = keys.filter((key) => SHOWN[kind](key, plots));
  const nameOf = ({ key }: Key) => (kind === 'chart' ? plots.get(key)! : key);
  return new Map(known.map((key) => [nameOf(key), key]));
}

/** More lines than this nobody can tell apart. */
const MOST_FITTING = 50;

/** The keys that a panel shows, of those that it can show. */
export function fieldsOf({ keys, pattern }: OwnPanel, known: Map<string, Key>): Key[] {
  if (!pattern) return keys.flatMap((name) => known.get(name) ?? []);
  const fits = userRegExp(pattern);
  const names = fits ? [...known.keys()].filter((name) => fits.test(name)) : [];
  return names.slice(0, MOST_FITTING).map((name) => known.get(name)!);
}

const GROUP = /\((?!\?)((?:[^()\\]|\\.)*)\)/;

/** Whether a pattern captures something. */
export const captures = (pattern: string): boolean => GROUP.test(pattern);

/** A panel for each text that the first group of the pattern captures in one of the names. */
export function splitByGroup(panel: OwnPanel, names: Iterable<string>): OwnPanel[] {
  const fits = userRegExp(panel.pattern ?? '');
  const found = new Set([...names].flatMap((name) => fits?.exec(name)?.[1] ?? []));
  return [...found].sort().map((text, i) => ({
    ...panel,
    id: i === 0 ? panel.id : `${panel.id}.${i}`,
    title: panel.title ? `${panel.title} ${text}` : text,
    pattern: panel.pattern!.replace(GROUP, () => escapeRegExp(text)),
  }));
}

/** The keys of a panel that none of the runs has logged. */
export function missingKeys({ keys }: OwnPanel, known: Map<string, Key>, runs: Run[]): string[] {
  const logged = (key: Key | undefined) => runs.some(({ uid }) => key?.runs.includes(uid));
  return keys.filter((name) => !logged(known.get(name)));
}

/** The runs with these ids, hidden ones too. */
export const chosenRuns = (ids: string[], all: Run[]): Run[] =>
  all.filter((run) => ids.includes(run.run_id));

export const OWN_KINDS: [OwnKind, string][] = [
  ['lines', 'Line plot'],
  ['histogram', 'Histograms of one key'],
  ['table', 'Table of one key'],
  ['chart', 'Chart of wandb.plot'],
  ['media', 'Media of one key'],
  ['bars', 'Bar chart'],
  ['scalar', 'One number'],
  ['scatter', 'Scatter of two values'],
  ['parallel', 'Parallel coordinates'],
  ['importance', 'Hyperparameter importance'],
  ['comparer', 'Run comparer'],
  ['markdown', 'Text (Markdown)'],
];

function isPanel(value: unknown): value is OwnPanel {
  if (value === null || typeof value !== 'object') return false;
  const { id, kind, keys } = value as Partial<OwnPanel>;
  const known = OWN_KINDS.some(([name]) => name === kind);
  return typeof id === 'string' && known && Array.isArray(keys);
}

function parse(text: string | undefined): OwnPanel[] {
  if (!text) return [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter(isPanel) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return []; // a link that was cut short
    throw error;
  }
}

export const ownPanels = computed(() => parse(params.value.own));

function write(panels: OwnPanel[], beside: Record<string, string | null> = {}): void {
  setParams({ ...beside, own: panels.length > 0 ? JSON.stringify(panels) : null }, 'push');
}

export const savePanel = (panel: OwnPanel): void => savePanels([panel]);

/** Those that are there already are changed in their places. */
export function savePanels(panels: OwnPanel[]): void {
  const known = ownPanels.peek();
  const changed = known.map((one) => panels.find(({ id }) => id === one.id) ?? one);
  const added = panels.filter(({ id }) => !known.some((one) => one.id === id));
  write([...changed, ...added]);
}

/** Its settings and size go with it; what is returned brings all of it back to its place. */
export function removePanel(id: string): () => void {
  const panels = ownPanels.peek();
  const at = panels.findIndex((panel) => panel.id === id);
  const settings = settingsOf(id);
  const size = panelSizes.peek().get(id) ?? null;
  const none = Object.fromEntries(Object.keys(settings).map((name) => [name, null]));
  write(
    panels.filter((panel) => panel.id !== id),
    { ...none, size: sizesWith(id, null) },
  );
  return () => {
    const now = ownPanels.peek();
    const back = [...now.slice(0, at), panels[at], ...now.slice(at)];
    write(back, { ...settings, size: sizesWith(id, size) });
  };
}

export const newPanelId = (): string => panelId({ kind: 'own', key: Date.now().toString(36) });

/** What the editor has open: a panel, or `new`. */
export const editedPanel = signal<OwnPanel | 'new' | null>(null);

export function editPanel(panel: OwnPanel | null): void {
  editedPanel.value = panel ?? 'new';
}

/** The title that was given, else one made of what is shown. */
export function titleOf({ title, kind, keys, pattern }: OwnPanel): string {
  if (title) return title;
  if (pattern) return pattern;
  const names = keys.map((key) => (isKeyKind(kind) ? keyTitle(key) : columnName(key)));
  if (kind === 'importance') return `Importance for ${names[0]}`;
  if (kind === 'scatter') return `${names[1]} over ${names[0]}`;
  if (names.length > 0 && names.length <= 3) return names.join(', ');
  return OWN_KINDS.find(([name]) => name === kind)![1];
}
