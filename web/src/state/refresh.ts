/** Says when something on screen is to be fetched again: at most once a second, never hidden. */

import { onChange } from '../api/live';
import type { Change } from '../api/types';

export interface Dirty {
  /** Runs with something new; `all`: anything may be new. */
  runs: Map<number, Set<Change['what'][number]>>;
  /** Saved views may have changed. */
  settings: boolean;
  all: boolean;
}

type Refresher = (dirty: Dirty) => Promise<void>;

const INTERVAL_MS = 1000;

/**
 * Collects the changes of one project and hands them over in one go, the next ones once these are
 * dealt with; returns how to stop.
 */
export function onDirty(project: string | null, refresh: Refresher): () => void {
  let dirty = nothing();
  let timer = 0;
  let lastRun = 0;
  let busy = false;
  let stopped = false;

  const empty = () => dirty.runs.size === 0 && !dirty.all && !dirty.settings;
  const flush = async () => {
    timer = 0;
    if (document.hidden || empty()) return;
    const taken = dirty;
    dirty = nothing();
    lastRun = Date.now();
    busy = true;
    try {
      await refresh(taken);
    } finally {
      busy = false;
      if (!empty()) schedule();
    }
  };
  const schedule = () => {
    if (timer || busy || stopped || document.hidden) return;
    timer = setTimeout(flush, Math.max(0, lastRun + INTERVAL_MS - Date.now()));
  };
  const note = (change: Change | null) => {
    if (!change) dirty.all = true;
    else if (project && change.project !== project) return;
    else remember(dirty, change);
    schedule();
  };

  const stop = onChange(note);
  const wake = () => !document.hidden && !empty() && schedule();
  document.addEventListener('visibilitychange', wake);
  return () => {
    stopped = true;
    stop();
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', wake);
  };
}

const nothing = (): Dirty => ({ runs: new Map(), settings: false, all: false });

function remember(dirty: Dirty, change: Change): void {
  if (change.what.includes('settings')) {
    dirty.settings = true; // of the project, of no run
    return;
  }
  const what = dirty.runs.get(change.run) ?? new Set();
  for (const part of change.what) what.add(part);
  dirty.runs.set(change.run, what);
}
