/** Alerts of the open project, and which of them this browser has shown. */

import { computed, signal } from '@preact/signals';
import { ApiError, listAlerts } from '../api/client';
import type { ProjectAlert } from '../api/types';
import type { AlertMark, XKind } from '../model/types';
import { remember, remembered } from './memory';
import { onDirty } from './refresh';

/** The newest first. */
export const alerts = signal<ProjectAlert[]>([]);
/** The greatest id that was shown, by project. */
const seen = signal<ReadonlyMap<string, number>>(new Map());
const open = signal('');

const noteOf = (project: string): string => `alerts.${project}`;

export const seenId = computed(
  () => seen.value.get(open.value) ?? (Number(remembered(noteOf(open.value))) || 0),
);
export const unread = computed(() => alerts.value.filter(({ id }) => id > seenId.value).length);

/** Where alerts stand on an axis of steps or of wall time; on others their place isn't known. */
export function marksOf(all: ProjectAlert[], axis: XKind): AlertMark[] {
  if (axis !== 'step' && axis !== 'time') return [];
  return all.flatMap(({ run, step, time_us, title, level }) => {
    const x = axis === 'time' ? time_us : step;
    return x === null ? [] : [{ line: String(run), x, title, level }];
  });
}

export function markSeen(): void {
  const [newest] = alerts.peek();
  if (!newest || newest.id <= seenId.peek()) return;
  remember(noteOf(open.peek()), String(newest.id));
  seen.value = new Map(seen.peek()).set(open.peek(), newest.id);
}

/** Keeps the alerts of a project fresh; returns how to stop. */
export function followAlerts(entity: string, project: string): () => void {
  let live = true;
  open.value = `${entity}/${project}`;
  alerts.value = [];
  const load = async () => {
    try {
      const found = await listAlerts(entity, project);
      if (live) alerts.value = found;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // the next change asks again
    }
  };
  void load();
  const stop = onDirty(open.peek(), async ({ all, runs }) => {
    if (all || [...runs.values()].some((what) => what.has('meta'))) await load();
  });
  return () => {
    live = false;
    stop();
  };
}
