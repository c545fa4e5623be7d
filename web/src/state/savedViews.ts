/** Views of a project that are kept by the server: named sets of the address's parameters. */

import { computed, signal } from '@preact/signals';
import { ApiError, getProject, patchProject, readView, storeView } from '../api/client';
import type { Json, JsonObject } from '../api/types';
import type { Base, Params } from './address';
import { lastingParams, passingParams } from './history';
import { attempt, complain, keepSaying, say } from './toasts';
import { base, params, settleBase, show } from './view';

export interface SavedView {
  name: string;
  params: Params;
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
/** Name of the view that the address builds on. */
export const openView = computed(() => base.value?.name ?? null);
/** Digits of the hash that stand in an address. */
const HASH_DIGITS = 16;

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

const isBare = (): boolean => !base.peek() && Object.keys(lastingParams()).length === 0;

/** Reads the views of a project once; a first view opens if the address is bare. */
export async function loadViews(entity: string, project: string): Promise<void> {
  const of = `${entity}/${project}`;
  if (loaded.peek()?.of === of) return;
  const bare = isBare();
  await attempt('The saved views could not be read', async () => {
    const { settings } = await getProject(entity, project);
    const list = Array.isArray(settings.views) ? settings.views.flatMap(viewOf) : [];
    const first = isText(settings.first_view) ? settings.first_view : null;
    loaded.value = { of, settings, views: list, first };
    const start = list.find(({ name }) => name === first);
    if (start && bare && isBare()) await openOn(start, 'replace');
  });
}

/** The view as an address names it; the server keeps its parameters for links of today. */
async function baseOf({ name, params: own }: SavedView): Promise<Base> {
  const kept = await storeView(Object.fromEntries(sorted(own)));
  return { name, hash: kept.slice(0, HASH_DIGITS), params: own, known: true };
}

async function openOn(view: SavedView, mode: 'push' | 'replace'): Promise<void> {
  const next = await baseOf(view);
  show({ base: next, params: { ...passingParams(), ...view.params } }, mode);
}

export async function applyView(view: SavedView): Promise<void> {
  await attempt(`The view ${view.name} could not be opened`, () => openOn(view, 'push'));
}

/** Back to what a project looks like before anything is chosen. */
export function leaveView(): void {
  show({ base: null, params: passingParams() }, 'push');
}

/** Finds the view that an address names; if it can't be read, what the address adds is shown. */
export async function findBase(entity: string, project: string, asked: Base): Promise<void> {
  await loadViews(entity, project);
  if (base.peek() !== asked) return;
  const { of, views = [] } = loaded.peek() ?? {};
  const found = of === `${entity}/${project}` && (await findAmong(views, asked));
  if (!found && base.peek() === asked) settleBase({ ...asked, params: {}, known: true });
}

/** As it is, as it was when the link was made, or not. */
function findAmong(views: SavedView[], { name, hash }: Base): Promise<boolean> {
  const view = views.find((one) => one.name === name);
  return attempt(`The view ${name} of this link could not be read`, async () => {
    const present = view && (await baseOf(view));
    if (present && (hash === '' || present.hash === hash)) return settleBase(present);
    const kept = hash === '' ? null : await keptParams(hash);
    settleBase({ name, hash, params: kept ?? view?.params ?? {}, known: true });
    tellDifference(name, view, kept !== null);
  });
}

/** What the server kept for links; null: nothing, as on another server. */
async function keptParams(hash: string): Promise<Params | null> {
  try {
    return await readView(hash);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function tellDifference(name: string, view: SavedView | undefined, kept: boolean): void {
  if (view && kept) {
    keepSaying(`The view ${name} has changed since this link was made; this is as it was then.`, {
      label: 'Open it as it is now',
      run: () => void applyView(view),
    });
  } else if (view) {
    complain(
      `The view ${name} has changed since this link was made, and what it was then is not known here. This is the view of now with what the link adds.`,
    );
  } else if (kept) {
    keepSaying(`The view ${name} was deleted after this link was made; this is as it was then.`);
  } else complain(`There is no view ${name} here. This is what the link adds to it.`);
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
  const view = { name, params: lastingParams() };
  if (!(await store({ views: [...others, view] }))) return;
  await attempt(`The view ${name} was saved, but a link can't name it`, async () =>
    show({ base: await baseOf(view), params: params.peek() }, 'replace'),
  );
  say(`Saved the view ${name}`);
}

export async function deleteView(view: SavedView): Promise<void> {
  const before = loaded.peek()?.views ?? [];
  if (!(await store({ views: before.filter(({ name }) => name !== view.name) }))) return;
  if (openView.peek() === view.name) show({ base: null, params: params.peek() }, 'replace');
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

const sorted = (all: Params): [string, string][] =>
  Object.entries(all).sort(([a], [b]) => a.localeCompare(b));
