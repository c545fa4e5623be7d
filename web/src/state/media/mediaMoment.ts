/** A media key over runs at one step: at which steps there is something, and what each run had then. */

import { useMemo } from 'preact/hooks';
import { ApiError } from '../../api/client';
import type { Run } from '../../api/types';
import { lastItems, type MediaItem } from '../../math/media';
import { lastAtOrBefore } from '../../math/search';
import type { Note } from '../../model/types';
import type { RunTable } from '../runs/download';
import { mediaParam, params, setParams } from '../view/view';
import { type Loaded, type RunRows, readTable, tableId, useLoaded, useMediaRows } from './hooks';

/** The last value of a run up to a step. */
export interface RunItems {
  run: Run;
  step: number;
  items: MediaItem[];
}

const MOST_RUNS = 12;

/** `id`: under which the address keeps the step. */
export function useMediaMoment(id: string, key: string, owners: Run[]) {
  const loaded = useMediaRows(owners.slice(0, MOST_RUNS), key);
  const rows = loaded instanceof ApiError || !loaded ? [] : loaded;
  const steps = useMemo(() => stepsOf(rows), [loaded]);
  const at = chosenStep(id, steps);
  const shown = useMemo(() => (at === null ? [] : itemsAt(rows, at)), [loaded, at]);
  const select = (step: number) =>
    setParams({ [mediaParam(id)]: step === steps.at(-1) ? null : String(step) }, 'replace');
  const error = loaded instanceof ApiError ? loaded : null;
  return { steps, at, shown, select, waiting: loaded === null && owners.length > 0, error };
}

/** The steps at which any of the runs logged the key. */
function stepsOf(all: RunRows[]): number[] {
  const steps = new Set(all.flatMap(({ rows }) => rows.map(({ step }) => step)));
  return [...steps].sort((a, b) => a - b);
}

/** The step in the address, or the last one, which moves on while a run grows. */
function chosenStep(id: string, steps: number[]): number | null {
  const text = params.value[mediaParam(id)];
  const place = text ? Math.max(0, lastAtOrBefore(steps, Number(text))) : steps.length - 1;
  return steps[place] ?? null;
}

export function itemsAt(all: RunRows[], at: number): RunItems[] {
  return all.flatMap(({ run, rows }) => {
    const place = lastAtOrBefore(
      rows.map(({ step }) => step),
      at,
    );
    if (place < 0) return [];
    const items = lastItems(rows.slice(0, place + 1).map(({ value }) => value));
    return [{ run, step: rows[place].step, items }];
  });
}

export const notesOf = (owners: number): Note[] =>
  owners > MOST_RUNS ? [{ text: `the first ${MOST_RUNS} of ${owners} runs`, tone: 'plain' }] : [];

/** Whether there is one table of each run and nothing else. */
export const areTables = (shown: RunItems[]): boolean =>
  shown.length > 0 &&
  shown.every(({ items: [item, ...more] }) => item?.kind === 'table' && !more[0]);

const firstTables = (shown: RunItems[]) =>
  shown.flatMap(({ run, step, items: [item] }) =>
    item?.kind === 'table' ? [{ run, step, item }] : [],
  );

export const readTables = (shown: RunItems[]): Promise<RunTable[]> =>
  Promise.all(
    firstTables(shown).map(async ({ run, step, item }) => {
      const table = await readTable(run.uid, item);
      return { run, step, table };
    }),
  );

/** The tables of all runs at one step; those before stay until these are here. */
export function useTables(shown: RunItems[]): Loaded<RunTable[]> {
  const tables = firstTables(shown);
  const id = tables.map(({ run, item }) => `${run.uid} ${tableId(item)}`).join('\n');
  return useLoaded(() => readTables(shown), id);
}
