/** What components of media hold while they are mounted. */

import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../../api/client';
import { type MediaRow, mediaBytes, mediaHref, mediaJson, mediaRows } from '../../api/media';
import type { Run } from '../../api/types';
import type { MediaItem } from '../../math/media';
import { concatenated, type LoggedTable } from '../../math/table';
import { useScope } from '../workspace/workspace';
import { wholeTable } from './artifactTables';

export type Loaded<T> = T | ApiError | null;

export interface RunRows {
  run: Run;
  rows: MediaRow[];
}

/** The rows of a key in each run, read on while the runs grow. */
export function useMediaRows(runs: Run[], key: string): Loaded<RunRows[]> {
  const { workspace } = useScope();
  const [loaded, setLoaded] = useState<Loaded<RunRows[]>>(null);
  useEffect(() => {
    let live = true;
    let known = new Map<number, MediaRow[]>();
    const load = async (some: Run[]) => {
      const read = await Promise.all(some.map((run) => readOn(run, key, known.get(run.uid) ?? [])));
      known = new Map([...known, ...read]);
      if (live) setLoaded(runs.map((run) => ({ run, rows: known.get(run.uid) ?? [] })));
    };
    let failed = false;
    const start = (some: Run[]) => {
      failed = false;
      return load(some).catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        failed = true;
        if (live && known.size === 0) setLoaded(error);
      });
    };
    void start(runs);
    const stop = workspace.store.onRefresh((dirty) => {
      const grown = runs.filter(({ uid }) => dirty.all || dirty.runs.get(uid)?.has('rows'));
      if (grown.length > 0) void start(grown);
    });
    const stopHealing = workspace.store.onBack(() => {
      if (failed) void start(runs);
    });
    return () => {
      live = false;
      stop();
      stopHealing();
    };
  }, [runs.map(({ uid }) => uid).join(), key]);
  return loaded;
}

/** The last known row is read again: a later value of its step replaces it. */
async function readOn(run: Run, key: string, known: MediaRow[]): Promise<[number, MediaRow[]]> {
  const last = known.at(-1)?.step ?? null;
  const fresh = await mediaRows(run.uid, key, last);
  return [run.uid, [...known.filter(({ step }) => step !== last), ...fresh]];
}

export function useLoaded<T>(load: () => Promise<T>, id: string): Loaded<T> {
  const { workspace } = useScope();
  const [value, setValue] = useState<Loaded<T>>(null);
  useEffect(() => {
    let live = true;
    let failed = false;
    const start = () =>
      load().then(
        (found) => live && setValue(found),
        (error) => {
          if (!(error instanceof ApiError)) throw error;
          failed = true;
          if (live) setValue(error);
        },
      );
    void start();
    const stop = workspace.store.onBack(() => {
      if (!failed) return;
      failed = false;
      void start();
    });
    return () => {
      live = false;
      stop();
    };
  }, [id]);
  return value;
}

type Source = Pick<MediaItem, 'path' | 'sha256'>;

/** Address of an item's bytes; at once where its hash is known. */
export function useHref(uid: number, { path, sha256 }: Source): Loaded<string> {
  return useLoaded(() => mediaHref(uid, path, sha256), `${uid} ${path} ${sha256}`);
}

export function useJson<T>(uid: number, { path, sha256 }: Source): Loaded<T> {
  return useLoaded(() => mediaJson<T>(uid, path, sha256), `${uid} ${path} ${sha256}`);
}

/** A logged table, with the increments before it. */
export async function readTable(uid: number, item: MediaItem): Promise<LoggedTable> {
  const read = ({ path, sha256 }: Source) => mediaJson<LoggedTable>(uid, path, sha256);
  const parts = await Promise.all([...item.before, item].map(read));
  return parts.length === 1 ? wholeTable(item, parts[0]) : concatenated(parts);
}

export function useTable(uid: number, item: MediaItem): Loaded<LoggedTable> {
  return useLoaded(() => readTable(uid, item), `${uid} ${tableId(item)}`);
}

/** The same for the same tables: of one that grows each part has a path of its own. */
export const tableId = ({ path, sha256, before }: MediaItem): string =>
  `${path} ${sha256} ${before.length}`;

export function useBytes(uid: number, { path, sha256 }: Source): Loaded<ArrayBuffer> {
  return useLoaded(() => mediaBytes(uid, path, sha256), `${uid} ${path} ${sha256}`);
}
