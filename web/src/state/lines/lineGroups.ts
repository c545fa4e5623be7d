/** The lines of a panel as one line for each group of runs. */

import { computed } from '@preact/signals';
import type { Run } from '../../api/types';
import { runColor, runDash } from '../../math/color';
import { type Band, type Center, groupLine } from '../../math/groups';
import { counted } from '../../math/numbers';
import type { Line, Note } from '../../model/types';
import { groupField, groupsOf } from '../runs/runList';
import { type PanelSettings, params } from '../view/view';
import type { Series } from './series';

export const CENTERS: [Center, string][] = [
  ['mean', 'Mean'],
  ['median', 'Median'],
  ['min', 'Minimum'],
  ['max', 'Maximum'],
];

export const BANDS: [Band, string][] = [
  ['minmax', 'Min–max'],
  ['std', 'Std dev'],
  ['sem', 'Std error'],
  ['quartiles', 'Quartiles'],
  ['none', 'No band'],
];

export const centerOfAll = computed<Center>(() => (params.value.gline as Center) ?? 'mean');
export const bandOfAll = computed<Band>(() => (params.value.gband as Band) ?? 'minmax');
/** Whether panels draw groups, where runs are grouped. */
export const drawsGroups = computed(() => groupField.value !== '' && params.value.glines !== '0');

export interface Grouping {
  field: string;
  center: Center;
  band: Band;
}

/** How a panel groups its lines: its own settings before the workspace's; null: not at all. */
export function groupingOf(settings: PanelSettings): Grouping | null {
  if (!drawsGroups.value) return null;
  return {
    field: groupField.value,
    center: settings.gline ?? centerOfAll.value,
    band: settings.gband ?? bandOfAll.value,
  };
}

/** A colour for each group: slots in order of name over all runs, so that filters keep colours. */
export function groupSlots(runs: Run[], field: string): Map<string, number> {
  const names = [...groupsOf(runs, field).keys()].sort();
  return new Map(names.map((name, slot) => [name, slot]));
}

/** Bins are as wide as the buckets, inside a zoomed window as those of the fetched part. */
function binWidth(whole: Series[], parts: Series[]): (x: number) => number {
  const widest = (all: Series[]) => Math.max(...all.map(({ grid }) => grid.width));
  const coarse = whole.length > 0 ? widest(whole) : 1;
  const window = parts[0]?.spec.window;
  if (!window) return () => coarse;
  const fine = widest(parts);
  return (x) => (x >= window[0] && x <= window[1] ? fine : coarse);
}

export function groupedLines(
  lines: Line[],
  shown: Run[],
  all: Run[],
  grouping: Grouping,
  fetched: { whole: Series[]; parts: Series[] },
): Line[] {
  const slots = groupSlots(all, grouping.field);
  const byId = new Map(lines.map((line) => [line.id, line]));
  const width = binWidth(fetched.whole, fetched.parts);
  return [...groupsOf(shown, grouping.field)].flatMap(([name, runs]) => {
    const members = runs.flatMap(({ uid }) => byId.get(String(uid)) ?? []);
    if (members.length === 0) return [];
    const slot = slots.get(name) ?? 0;
    const style = { id: `group ${name}`, label: name, color: runColor(slot), dash: runDash(slot) };
    return [ofAll(groupLine(members, style, grouping, width), runs.length)];
  });
}

/** The group has members without the metric too: its mean is of 2 of 8. */
const ofAll = (line: Line, size: number): Line =>
  line.group ? { ...line, group: { ...line.group, size } } : line;

/** How many runs there are in the groups of these ones. */
export function membersOf(drawn: Run[], shown: Run[], { field }: Grouping): number {
  const uids = new Set(drawn.map(({ uid }) => uid));
  const groups = [...groupsOf(shown, field).values()];
  const there = groups.filter((runs) => runs.some(({ uid }) => uids.has(uid)));
  return new Set(there.flat()).size;
}

/** What the lines of a grouped panel are; `runs` of all `members` of the groups have the metric. */
export function groupNote(
  { center, band }: Grouping,
  groups: number,
  runs: number,
  members: number,
): Note {
  const line = CENTERS.find(([name]) => name === center)![1].toLowerCase();
  const words =
    band === 'none' ? '' : `, ${BANDS.find(([name]) => name === band)![1].toLowerCase()} band`;
  const part = runs < members ? `${runs} of ` : '';
  const text = `${line}${words} of ${part}${counted(members, 'run')} in ${counted(groups, 'group')}`;
  return { text, tone: 'plain' };
}
