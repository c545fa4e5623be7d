/** Which keys of a run hold one number each, so that a table says it all. */

import type { Key, Run } from '../../api/types';

const FEWEST = 2;

const isLine = ({ kind }: Key): boolean => kind === 'scalar' || kind === 'system';

/**
 * Keys that the run has logged once, if they are several. None while it runs, as the next row would
 * make panels of them.
 */
export function singleKeys(keys: Key[], run: Run | undefined): Key[] {
  if (!run || run.state === 'running') return [];
  const found = keys.filter((key) => isLine(key) && key.runs.includes(run.uid) && isOnce(key, run));
  return found.length < FEWEST ? [] : found;
}

const isOnce = ({ kind, runs, min_us, max_us }: Key, run: Run): boolean =>
  (kind === 'scalar' && run.last_step === 0) || (runs.length === 1 && min_us === max_us);
