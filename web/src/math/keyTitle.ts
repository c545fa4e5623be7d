/** The name under which a key is seen: one that is empty or blank has a name too. */
export const keyTitle = (key: string): string => (key.trim() === '' ? '(empty name)' : key);

const PROCESS = '/l:';

/** A machine metric without the process that it is of: `system.cpu` of `system.cpu/l:rank 1`. */
export function machineMetric(key: string): string {
  const at = key.indexOf(PROCESS);
  return at < 0 ? key : key.slice(0, at);
}

/** The process that a machine metric is of, where several write one run; else empty. */
export function processIn(key: string): string {
  const at = key.indexOf(PROCESS);
  return at < 0 ? '' : key.slice(at + PROCESS.length);
}
