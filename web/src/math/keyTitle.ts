import { systemMetric } from './systemMetrics';

/** The name under which a key is seen: one that is empty or blank has a name too. */
export const keyTitle = (key: string): string => (key.trim() === '' ? '(empty name)' : key);

/** The same of a key with its kind: what the machine did has names and units of people. */
export const fieldTitle = ({ kind, key }: { kind: string; key: string }): string =>
  kind === 'system' ? systemMetric(key).title : keyTitle(key);
