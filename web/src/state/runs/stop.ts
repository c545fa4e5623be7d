/** Asking a run to stop: its client interrupts the training as Ctrl+C does. */

import { patchRun } from '../../api/client';
import type { Run } from '../../api/types';
import { attempt, say } from '../toasts';

/** Whether there is a training to be asked that was not asked yet. */
export const canStop = (run: Run): boolean => lives(run) && !run.stop_requested;

/** A run that was asked and has not ended yet. */
export const isStopping = (run: Run): boolean => lives(run) && run.stop_requested;

/** Also while it is about to be preempted. */
const lives = (run: Run): boolean => run.ended_us === null;

export async function stopRun(run: Run): Promise<void> {
  const ask = (stop_requested: boolean) => patchRun(run.uid, { stop_requested });
  if (!(await attempt('The run was not asked to stop', () => ask(true)))) return;
  const undo = () => void attempt('The run is still asked to stop', () => ask(false));
  say(`Asked ${run.name} to stop`, { label: 'Undo', run: undo });
}
