/** Views of a project that are kept by the server: named sets of the address's parameters. */

import { signal } from '@preact/signals';
import { getProject, patchProject } from '../api/client';
import type { Json, JsonObject } from '../api/types';
import { applyParams, lastingParams } from './history';
import { attempt, say } from './toasts';
import { params } from './view';

export interface SavedView {
  name: string;
  params: Record<string, string>;
}

interface ProjectViews {
  of: string;
  settings: JsonObject;
  views: SavedView[];
  /** The view that opens when the address says nothing. */
  first: string | null;
}

const loaded = signal<ProjectViews | null>(null);
export const savedViews = loaded;
/** Name of the view that was opened last; what differs from it is in the address. */
export const openView = signal<string | null>(null);

function isText(value: Json | undefined): value is string {
  return typeof value === 'string';
}

function viewOf(value: Json): SavedView[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
  const { name, params: kept } = value;
  if (!isText(name) || kept === null || typeof kept !== 'object' || Array.isArray(kept)) return [];
  const entries = Object.entries(kept).filter((entry): entry is [string, string] =>
    isText(entry[1]),
  );
  return [{ name, params: Object.fromEntries(entries) }];
}

/** Reads the views of a project once; a first view opens if the address is bare. */
export async function loadViews(entity: string, project: string): Promise<void> {
  const of = `${entity}/${project}`;
  if (loaded.peek()?.of === of) return;
  const bare = Object.keys(lastingParams()).length === 0;
  await attempt('The saved views could not be read', async () => {
    const { settings } = await getProject(entity, project);
    const list = Array.isArray(settings.views) ? settings.views.flatMap(viewOf) : [];
    const first = isText(settings.first_view) ? settings.first_view : null;
    loaded.value = { of, settings, views: list, first };
    openView.value = null;
    const start = list.find(({ name }) => name === first);
    if (start && bare && Object.keys(lastingParams()).length === 0) applyView(start);
  });
}

export function applyView(view: SavedView): void {
  openView.value = view.name;
  applyParams(view.params);
}

async function store(change: Partial<Pick<ProjectViews, 'views' | 'first'>>): Promise<boolean> {
  const now = loaded.peek();
  if (!now) return false;
  const next = { ...now, ...change };
  const [entity, project] = next.of.split('/');
  const views = next.views.map(({ name, params: kept }) => ({ name, params: kept }));
  const settings = { ...next.settings, views, first_view: next.first };
  return attempt('The views could not be saved', async () => {
    await patchProject(entity, project, settings);
    loaded.value = { ...next, settings };
  });
}

/** Keeps the view as it is under a name; one of the same name is replaced. */
export async function saveView(name: string): Promise<void> {
  const others = (loaded.peek()?.views ?? []).filter((view) => view.name !== name);
  if (!(await store({ views: [...others, { name, params: lastingParams() }] }))) return;
  openView.value = name;
  say(`Saved the view ${name}`);
}

export async function deleteView(view: SavedView): Promise<void> {
  const before = loaded.peek()?.views ?? [];
  if (!(await store({ views: before.filter(({ name }) => name !== view.name) }))) return;
  say(`Deleted the view ${view.name}`, { label: 'Undo', run: () => void store({ views: before }) });
}

export async function makeFirst(name: string | null): Promise<void> {
  await store({ first: name });
}

/** Whether the view differs from the one of that name. */
export function differsFrom(view: SavedView | undefined): boolean {
  void params.value; // what is shown follows the address
  return !view || JSON.stringify(sorted(view.params)) !== JSON.stringify(sorted(lastingParams()));
}

const sorted = (all: Record<string, string>): [string, string][] =>
  Object.entries(all).sort(([a], [b]) => a.localeCompare(b));
