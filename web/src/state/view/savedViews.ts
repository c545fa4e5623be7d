/** Views of a project that are kept by the server: named sets of the address's parameters. */

import { computed, signal } from '@preact/signals';
import {
  ApiError,
  chooseFirstView,
  listViews,
  type ProjectName,
  putView,
  readView,
  removeView,
  storeView,
} from '../../api/client';
import type { SavedView } from '../../api/types';
import { attempt, complain, keepSaying, say } from '../toasts';
import type { Base, Params } from './address';
import { clash } from './clash';
import { lastingParams, passingParams } from './history';
import { mergedParams } from './mergedParams';
import { base, params, settleBase, show } from './view';

export type { SavedView };

interface ProjectViews {
  of: string;
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
/** Revisions of the views that were opened or saved here, by the hash in the address. */
const revisions = new Map<string, string>();

const nameOf = (of: string): ProjectName => of.split('/') as [string, string];

async function read(of: string): Promise<void> {
  const { views, first } = await listViews(...nameOf(of));
  loaded.value = { of, views, first };
}

const isBare = (): boolean => !base.peek() && Object.keys(lastingParams()).length === 0;

/** Reads the views of a project once; a first view opens if the address is bare. */
export async function loadViews(entity: string, project: string): Promise<void> {
  const of = `${entity}/${project}`;
  if (loaded.peek()?.of === of) return;
  const bare = isBare();
  await attempt('The saved views could not be read', async () => {
    await read(of);
    const start = loaded.peek()?.views.find(({ name }) => name === loaded.peek()?.first);
    if (start && bare && isBare()) await openOn(start, 'replace');
  });
}

/** Reads the views again if they are those of this project: others may have saved some. */
export async function refreshViews(entity: string, project: string): Promise<void> {
  const of = `${entity}/${project}`;
  if (loaded.peek()?.of !== of) return;
  await attempt('The saved views could not be read', () => read(of));
}

/** The view as an address names it; the server keeps its parameters for links of today. */
async function baseOf({ name, params: own, revision }: SavedView): Promise<Base> {
  const kept = await storeView(Object.fromEntries(sorted(own)));
  const hash = kept.slice(0, HASH_DIGITS);
  revisions.set(hash, revision);
  return { name, hash, params: own, known: true };
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

const listed = (name: string): SavedView | undefined =>
  loaded.peek()?.views.find((view) => view.name === name);

/** The list with one view as it is by now; null: without it. */
function note(name: string, view: SavedView | null): void {
  const now = loaded.peek();
  if (!now) return;
  const known = now.views.some((one) => one.name === name);
  const others = now.views.flatMap((one) => (one.name === name ? (view ?? []) : one));
  loaded.value = { ...now, views: view && !known ? [...others, view] : others };
}

/** What the user has seen of the view that is to be replaced; null: none is. */
function seenRevision(name: string): string | null {
  const open = base.peek();
  const view = listed(name);
  if (!view || open?.name !== name || !open.hash) return view?.revision ?? null;
  return revisions.get(open.hash) ?? open.hash; // of an older link: nobody's present one
}

/** What the server has by now, where that is why it refused. */
function presentView(error: unknown): SavedView | null | undefined {
  if (!(error instanceof ApiError) || error.status !== 409) return undefined;
  return (error.details.present ?? null) as SavedView | null;
}

/** Keeps the view as it is under a name; one of the same name is replaced. */
export async function saveView(name: string): Promise<void> {
  await keep({ name, params: lastingParams() }, seenRevision(name), `Saved the view ${name}`);
}

type Content = Pick<SavedView, 'name' | 'params'>;

async function keep(mine: Content, revision: string | null, said: string): Promise<void> {
  const now = loaded.peek();
  if (!now) return;
  await attempt(`The view ${mine.name} could not be saved`, async () => {
    try {
      await settle(await putView(nameOf(now.of), mine, revision), said);
    } catch (error) {
      const theirs = presentView(error);
      if (theirs === undefined) throw error;
      note(mine.name, theirs);
      await join(mine, theirs);
    }
  });
}

/** It is saved: the address builds on it from now on. */
async function settle(saved: SavedView, said: string): Promise<void> {
  note(saved.name, saved);
  const next = await baseOf(saved);
  show({ base: next, params: { ...passingParams(), ...saved.params } }, 'replace');
  say(said);
}

/** Both changes together where they are of different things; else the user chooses. */
async function join(mine: Content, theirs: SavedView | null): Promise<void> {
  const from = base.peek();
  const known = theirs && from?.name === mine.name && from.known;
  const both = known ? mergedParams(from.params, mine.params, theirs.params) : null;
  const { name } = mine;
  if (!theirs || !both) ask(mine, theirs);
  else {
    const said = `Saved the view ${name} with the changes that were saved elsewhere meanwhile`;
    await keep({ name, params: both }, theirs.revision, said);
  }
}

function ask(mine: Content, theirs: SavedView | null): void {
  const { name } = mine;
  const again = () => void keep(mine, theirs?.revision ?? null, `Saved the view ${name}`);
  clash.value = theirs
    ? {
        title: `The view ${name} was changed elsewhere`,
        text: 'It was saved in another tab or by somebody else since you opened it. What you are about to save would replace that.',
        mine: { label: 'Replace it with mine', run: again },
        theirs: { label: 'Drop mine, open theirs', run: () => void applyView(theirs) },
      }
    : {
        title: `The view ${name} was deleted elsewhere`,
        text: 'It was deleted in another tab or by somebody else since you opened it.',
        mine: { label: 'Save it again', run: again },
        theirs: { label: 'Leave it deleted', run: () => undefined },
      };
}

export async function deleteView(view: SavedView): Promise<void> {
  const now = loaded.peek();
  if (!now) return;
  const { name } = view;
  await attempt(`The view ${name} could not be deleted`, async () => {
    try {
      await removeView(nameOf(now.of), view);
    } catch (error) {
      const theirs = presentView(error);
      if (!theirs) throw error;
      note(name, theirs);
      askToDelete(theirs);
      return;
    }
    note(name, null);
    if (openView.peek() === name) show({ base: null, params: params.peek() }, 'replace');
    say(`Deleted the view ${name}`, { label: 'Undo', run: () => void bringBack(view) });
  });
}

function askToDelete(theirs: SavedView): void {
  clash.value = {
    title: `The view ${theirs.name} was changed elsewhere`,
    text: 'It was saved in another tab or by somebody else since this list was read.',
    mine: { label: 'Delete it all the same', run: () => void deleteView(theirs) },
    theirs: { label: 'Keep it', run: () => undefined },
  };
}

async function bringBack(view: SavedView): Promise<void> {
  const now = loaded.peek();
  if (!now) return;
  await attempt(`The view ${view.name} was not brought back`, async () =>
    note(view.name, await putView(nameOf(now.of), view, null)),
  );
}

export async function makeFirst(name: string | null): Promise<void> {
  const now = loaded.peek();
  if (!now) return;
  await attempt('The first view could not be chosen', async () => {
    await chooseFirstView(nameOf(now.of), name);
    loaded.value = { ...(loaded.peek() ?? now), first: name };
  });
}

/** Whether the view differs from the one of that name. */
export function differsFrom(view: SavedView | undefined): boolean {
  void params.value; // what is shown follows the address
  return !view || JSON.stringify(sorted(view.params)) !== JSON.stringify(sorted(lastingParams()));
}

const sorted = (all: Params): [string, string][] =>
  Object.entries(all).sort(([a], [b]) => a.localeCompare(b));
