/** Machine metrics by the process that they are of, where several write one run. */

const PROCESS = '/l:';

/** A machine metric without the process that it is of: `system.cpu` of `system.cpu/l:rank 1`. */
export function machineMetric(key: string): string {
  const at = key.indexOf(PROCESS);
  return at < 0 ? key : key.slice(0, at);
}

/** The process that a machine metric is of; empty where one process writes the run. */
export function processIn(key: string): string {
  const at = key.indexOf(PROCESS);
  return at < 0 ? '' : key.slice(at + PROCESS.length);
}

/** Rank 10 after rank 2. */
export const byProcess = (a: string, b: string): number =>
  processIn(a).localeCompare(processIn(b), undefined, { numeric: true });

/** Whether these keys are one machine metric of different processes. */
export const isOneMetric = (keys: string[]): boolean =>
  keys.some((key) => key.includes(PROCESS)) && new Set(keys.map(machineMetric)).size === 1;
