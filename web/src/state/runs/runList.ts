/** The runs as sidebar and table list them: searched, filtered, sorted, pinned and grouped. */

import { computed } from '@preact/signals';
import type { Run } from '../../api/types';
import { params, setParams } from '../view/view';
import { asText, filterRoot, filterRuns } from './filters';
import { medianOf } from './runColumns';
import { formatSort, parseSort, runValue, type Sort, sortRuns, userRegExp } from './visibility';

export interface RunGroup {
  name: string;
  runs: Run[];
  open: boolean;
}

export type ListRow =
  | { kind: 'run'; run: Run; pinned: boolean }
  | { kind: 'group'; group: RunGroup };

function ids(text: string | undefined): string[] {
  return (text ?? '').split(',').filter(Boolean).map(decodeURIComponent);
}

const joined = (list: Iterable<string>): string => [...list].map(encodeURIComponent).join(',');

/** The field that runs are grouped by: `config.<key>`, `tags`, `group` or `job_type`. */
export const groupField = computed(() => params.value.group ?? '');
export const baselineId = computed(() => params.value.base ?? null);
export const pinnedIds = computed(() => new Set(ids(params.value.pins)));
const closedGroups = computed(() => new Set(ids(params.value.gfold)));

export const sortOf = (): Sort => parseSort(params.value.sort);

/** The newest first is what an address without an order means. */
export function setSort(sort: Sort): void {
  const text = formatSort(sort);
  setParams({ sort: text === '-created' ? null : text }, 'push');
}

export function setBaseline(runId: string | null): void {
  setParams({ base: runId }, 'push');
}

export function togglePin(runId: string): void {
  const pins = new Set(pinnedIds.peek());
  if (!pins.delete(runId)) pins.add(runId);
  setParams({ pins: joined(pins) }, 'push');
}

export function toggleGroup(name: string): void {
  const closed = new Set(closedGroups.peek());
  if (!closed.delete(name)) closed.add(name);
  setParams({ gfold: joined(closed) }, 'replace');
}

/** What a run without a value is grouped under. */
const NO_GROUP = 'none';

/** The groups that a run is in: one for each tag, else one. */
function groupNames(run: Run, by: string): string[] {
  if (by === 'tags') return run.tags.length > 0 ? run.tags : [NO_GROUP];
  return [asText(runValue(run, by)) || NO_GROUP];
}

export function groupsOf(runs: Run[], by: string): Map<string, Run[]> {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    for (const name of groupNames(run, by)) {
      const group = groups.get(name);
      if (group) group.push(run);
      else groups.set(name, [run]);
    }
  }
  return groups;
}

const nameSearch = computed(() => params.value.rq ?? '');
const order = computed(() => params.value.sort);

/** Runs that fit the search of names and the filters, in the chosen order. */
export const listedRuns = (runs: Run[]): Run[] => listed(filterRuns(runs, filterRoot.value));

/** Those of filtered runs that fit the search of names, in the chosen order. */
export function listed(filtered: Run[]): Run[] {
  const pattern = nameSearch.value ? userRegExp(nameSearch.value) : null;
  const found = pattern ? filtered.filter(({ name }) => pattern.test(name)) : filtered;
  return sortRuns(found, parseSort(order.value));
}

/** Rows of a list: pinned runs first, the baseline before them, then groups or runs. */
export function listRows(all: Run[], listed: Run[]): ListRow[] {
  const base = baselineId.value;
  const isPinned = ({ run_id }: Run) => run_id === base || pinnedIds.value.has(run_id);
  const pinned = all
    .filter(isPinned)
    .sort((a, b) => Number(b.run_id === base) - Number(a.run_id === base));
  const top = pinned.map((run): ListRow => ({ kind: 'run', run, pinned: true }));
  if (groupField.value) return [...top, ...groupRows(listed)]; // a pinned run stays in its group
  const rest = pinned.length > 0 ? listed.filter((run) => !isPinned(run)) : listed;
  return [...top, ...rest.map(runRow)];
}

const runRow = (run: Run): ListRow => ({ kind: 'run', run, pinned: false });

/** Groups in the order of the medians that their rows show, else of their first runs. */
function orderedGroups(runs: Run[]): [string, Run[]][] {
  const groups = [...groupsOf(runs, groupField.value)];
  const { by, descending } = sortOf();
  if (by === 'created') return groups;
  const medians = new Map(groups.map(([name, members]) => [name, medianOf(members, by)]));
  const rank = (name: string) => medians.get(name) ?? Number.NaN;
  return groups.sort(([a], [b]) => {
    const [x, y] = descending ? [rank(b), rank(a)] : [rank(a), rank(b)];
    if (Number.isNaN(rank(a)) || Number.isNaN(rank(b))) {
      return Number(Number.isNaN(rank(a))) - Number(Number.isNaN(rank(b)));
    }
    return x - y;
  });
}

function groupRows(runs: Run[]): ListRow[] {
  return orderedGroups(runs).flatMap(([name, members]): ListRow[] => {
    const open = !closedGroups.value.has(name);
    const head: ListRow = { kind: 'group', group: { name, runs: members, open } };
    return open ? [head, ...members.map(runRow)] : [head];
  });
}
