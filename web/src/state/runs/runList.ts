/** The runs as sidebar and table list them: searched, filtered, sorted, pinned and grouped. */

import { computed } from '@preact/signals';
import type { Run } from '../../api/types';
import { params, setParams } from '../view/view';
import { asText, filterRoot, filterRuns } from './filters';
import { medianOf } from './runColumns';
import { byRank, linesOfList, trainingName } from './trainings';
import { formatSort, parseSort, runValue, type Sort, sortRuns, userRegExp } from './visibility';

export interface RunGroup {
  /** As it is called in the address. */
  id: string;
  name: string;
  runs: Run[];
  open: boolean;
  /** Ranks of one launch, and not runs with one value of a field. */
  training: boolean;
}

export type ListRow =
  /** `nested`: under the row of its training. */
  { kind: 'run'; run: Run; pinned: boolean; nested?: boolean } | { kind: 'group'; group: RunGroup };

function ids(text: string | undefined): string[] {
  return (text ?? '').split(',').filter(Boolean).map(decodeURIComponent);
}

const joined = (list: Iterable<string>): string => [...list].map(encodeURIComponent).join(',');

/** The field that runs are grouped by: `config.<key>`, `tags`, `group` or `job_type`. */
export const groupField = computed(() => params.value.group ?? '');
export const baselineId = computed(() => params.value.base ?? null);
export const pinnedIds = computed(() => new Set(ids(params.value.pins)));
/** Groups that were closed, and trainings, which are closed at first, that were opened. */
const touchedGroups = computed(() => new Set(ids(params.value.gfold)));

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

export function toggleGroup({ id }: RunGroup): void {
  const touched = new Set(touchedGroups.peek());
  if (!touched.delete(id)) touched.add(id);
  setParams({ gfold: joined(touched) }, 'replace');
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
  return [...top, ...runRows(rest, '')];
}

const runRow = (run: Run) => ({ kind: 'run' as const, run, pinned: false });

/** Rows of the runs of a group, or of all; ranks of one training stand under a row for it. */
function runRows(runs: Run[], group: string): ListRow[] {
  const lines = linesOfList(runs);
  if (group && lines.length === 1) return ordered(lines[0]).map(runRow); // it is the training
  return lines.flatMap((line): ListRow[] =>
    line.length > 1 ? trainingRows(line, group) : [runRow(line[0])],
  );
}

/** Ranks that begin together say nothing by the order in which they did. */
const ordered = (runs: Run[]): Run[] => (sortOf().by === 'created' ? byRank(runs) : runs);

function trainingRows(runs: Run[], group: string): ListRow[] {
  const id = `launch ${group}/${runs[0].launch}`;
  const ranks = ordered(runs);
  const [name, open] = [trainingName(ranks), touchedGroups.value.has(id)];
  const head: ListRow = { kind: 'group', group: { id, name, runs: ranks, open, training: true } };
  const nested = ranks.map((run): ListRow => ({ ...runRow(run), nested: true }));
  return open ? [head, ...nested] : [head];
}

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
    const open = !touchedGroups.value.has(name);
    const group: RunGroup = { id: name, name, runs: members, open, training: false };
    const head: ListRow = { kind: 'group', group };
    return open ? [head, ...runRows(members, name)] : [head];
  });
}
