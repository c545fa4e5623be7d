/** The lines of a panel's metrics: of runs or of groups; those of several metrics told apart. */

import type { Key, Run } from '../../api/types';
import { metricLook } from '../../math/color';
import { keyTitle } from '../../math/keyTitle';
import { isOneMetric, processIn } from '../../math/machineMetrics';
import type { Line } from '../../model/types';
import { type Grouping, groupedLines } from './lineGroups';
import { splicedLine, wholeLine } from './lines';
import type { Series } from './series';

export interface MetricLines {
  field: Key;
  lines: Line[];
}

/** Whole series, and those inside a window, finer. */
export interface Fetched {
  whole: Series[];
  parts: Series[];
}

export const ownersOf = (fields: Key[], runs: Run[]): Run[] =>
  runs.filter(({ uid }) => fields.some((field) => field.runs.includes(uid)));

const ofField = ({ whole, parts }: Fetched, { key }: Key): Fetched => ({
  whole: whole.filter(({ spec }) => spec.key === key),
  parts: parts.filter(({ spec }) => spec.key === key),
});

export function linesOfRuns(fields: Key[], shown: Run[], fetched: Fetched): MetricLines[] {
  return fields.map((field) => {
    const { whole, parts } = ofField(fetched, field);
    const lines = shown.flatMap((run) => {
      const all = whole.find(({ spec }) => spec.run === run.uid);
      const part = parts.find(({ spec }) => spec.run === run.uid);
      if (!all || all.answer.n === 0) return [];
      return [part?.spec.window ? splicedLine(all, part, run) : wholeLine(all, run)];
    });
    return { field, lines };
  });
}

function linesOfGroups(
  own: MetricLines[],
  shown: Run[],
  all: Run[],
  grouping: Grouping,
  fetched: Fetched,
): MetricLines[] {
  return own.map(({ field, lines }) => ({
    field,
    lines: groupedLines(lines, shown, all, grouping, ofField(fetched, field)),
  }));
}

/** The lines as they are drawn: of each run, or of groups where runs are grouped. */
export function drawnLines(
  ofRuns: MetricLines[],
  runs: Run[],
  all: Run[],
  grouping: Grouping | null,
  fetched: Fetched,
): MetricLines[] {
  if (!grouping) return toldApart(ofRuns, runs);
  return toldApart(linesOfGroups(ofRuns, runs, all, grouping, fetched), []);
}

/** `runs`: those that are shown; none where the lines are of groups. */
function toldApart(metrics: MetricLines[], runs: Run[]): MetricLines[] {
  if (metrics.length < 2) return metrics;
  const ofProcesses = isOneMetric(metrics.map(({ field }) => field.key));
  return metrics.map(({ field, lines }, at) => {
    const { key } = field;
    const name = ofProcesses ? processIn(key) : keyTitle(key);
    const told = lines.map((line) => lineAmong(line, at, runs, { key, name }));
    // of one run the process is name enough
    return { field, lines: ofProcesses && name && runs.length === 1 ? named(told, name) : told };
  });
}

const named = (lines: Line[], label: string): Line[] => lines.map((line) => ({ ...line, label }));

/** One of several lines of a run or group: in a look of its own, raised and faded with the others. */
export function lineAmong(
  line: Line,
  at: number,
  runs: Run[],
  { key, name }: { key: string; name: string },
): Line {
  const own = { slot: runs[0]?.slot ?? 0, color: line.color };
  return {
    ...line,
    ...metricLook(at, runs.length, own),
    id: `${line.id} ${key}`,
    beside: line.id,
    label: name ? `${line.label} · ${name}` : line.label,
  };
}

/** How many runs or groups have a line. */
export const countOf = (metrics: MetricLines[]): number =>
  new Set(metrics.flatMap(({ lines }) => lines.map(({ id, beside = id }) => beside))).size;
