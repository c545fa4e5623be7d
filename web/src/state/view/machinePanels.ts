/** Machine metrics as panels: one for each metric, with the lines of all processes. */

import type { Key } from '../../api/types';
import { byProcess, machineMetric } from '../../math/machineMetrics';

/** A key as a panel shows it. */
export interface PanelKey extends Key {
  /** Where the panel is a machine metric of several processes: the keys of all of them. */
  processes?: Key[];
}

/** The keys that a panel draws. */
export const drawnKeys = (panel: PanelKey): Key[] => panel.processes ?? [panel];

/** Keys of several processes that are one machine metric become one; other keys stay. */
export function machinePanels(keys: Key[]): PanelKey[] {
  const metrics = new Map<string, Key[]>();
  for (const key of keys) {
    const name = machineMetric(key.key);
    metrics.set(name, [...(metrics.get(name) ?? []), key]);
  }
  return [...metrics].map(([name, own]) => panelOf(name, own));
}

function panelOf(name: string, keys: Key[]): PanelKey {
  if (keys.length === 1 && keys[0].key === name) return keys[0];
  const processes = [...keys].sort((a, b) => byProcess(a.key, b.key));
  const runs = [...new Set(keys.flatMap((key) => key.runs))];
  return { ...keys[0], key: name, runs, processes };
}
