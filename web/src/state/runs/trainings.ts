/** Ranks of one launch that log a run each are one training: lists show it as one line. */

import type { Run, RunState } from '../../api/types';

const launchOf = ({ rank, launch }: Run): string => (rank === null ? '' : launch);

const isTraining = (runs: Run[]): boolean => new Set(runs.map(({ rank }) => rank)).size > 1;

function byLaunch(runs: Run[]): Map<string, Run[]> {
  const launches = new Map<string, Run[]>();
  for (const run of runs) {
    const known = launches.get(launchOf(run));
    if (known) known.push(run);
    else launches.set(launchOf(run), [run]);
  }
  launches.delete('');
  return launches;
}

/** The runs as lines of a list: each training where its first run stands, each other run alone. */
export function linesOfList(runs: Run[]): Run[][] {
  const launches = byLaunch(runs);
  return runs.flatMap((run) => {
    const ranks = launches.get(launchOf(run));
    if (!ranks || !isTraining(ranks)) return [[run]];
    return ranks[0] === run ? [ranks] : [];
  });
}

export const byRank = (runs: Run[]): Run[] =>
  [...runs].sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0));

/** The end of a name that tells a rank: `-rank3`, `_r3`, `/3`. */
const RANK_END = /((^|[\W_]+)(rank|r))?[\W_]*\d*$/i;

/** What the names of its runs begin with, without their ranks. */
export function trainingName(runs: Run[]): string {
  const names = [...new Set(runs.map(({ name }) => name))];
  if (names.length === 1) return names[0];
  const common = names.reduce(commonStart).replace(RANK_END, '');
  return common || runs[0].group || runs[0].launch;
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

/** What is seen first of several ranks: what went wrong, then what goes on. */
const STATES: RunState[] = ['failed', 'crashed', 'killed', 'preempting', 'running'];

export const trainingState = (runs: Run[]): RunState =>
  STATES.find((state) => runs.some((run) => run.state === state)) ?? 'finished';

/** How many ranks, or which of them are not well: `8 ranks`, `rank 3 failed`, `2 of 8 failed`. */
export function ranksText(runs: Run[]): string {
  const state = trainingState(runs);
  const [first, ...more] = runs.filter((run) => run.state === state);
  if (state === 'running' || !first || first.state === 'finished') return `${runs.length} ranks`;
  return more.length > 0
    ? `${more.length + 1} of ${runs.length} ${state}`
    : `rank ${first.rank} ${state}`;
}
