/** Computed series as lines: of runs or of groups, in looks of their own, under their names. */

import type { Run } from '../../api/types';
import type { Line } from '../../model/types';
import type { PanelSettings } from '../view/view';
import { type ComputedSeries, type Formula, formulaName, type Part } from './computed';
import { labelOf, templateFault } from './legend';
import { type Grouping, groupedLines } from './lineGroups';
import { splicedLine, wholeLine } from './lines';
import { lineAmong, type MetricLines } from './metricLines';

export interface Drawn {
  formulas: Formula[];
  whole: ComputedSeries[];
  /** The same inside the window, finer. */
  inside: ComputedSeries[];
}

interface Look {
  shown: Run[];
  all: Run[];
  grouping: Grouping | null;
  /** Template of names, or none. */
  legend: string | undefined;
  /** How many metrics are drawn before the first formula. */
  before: number;
}

export const isSamePart = (a: Part, b: Part): boolean => a.formula === b.formula && a.run === b.run;

/** The line of one run, with its finer part where there is one. */
function lineOf(whole: ComputedSeries, part: ComputedSeries | undefined): Line {
  const { run } = whole.part;
  const line = part ? splicedLine(whole.series, part.series, run) : wholeLine(whole.series, run);
  // of means no extremes are known
  return whole.ofMeans ? { ...line, spread: 'none' } : line;
}

function computedLines(drawn: Drawn, look: Look): Line[] {
  return drawn.formulas.flatMap((formula, i) => {
    const own = drawn.whole.filter(
      ({ part, series }) => part.formula === formula && series.answer.n,
    );
    const parts = own.map((one) => drawn.inside.find(({ part }) => isSamePart(part, one.part)));
    const lines = own.map((one, at) => lineOf(one, parts[at]));
    if (look.grouping) return groupLines(formula, look.before + i, lines, own, parts, look);
    return lines.map((line, at) => runLine(formula, look.before + i, line, own[at].part.run, look));
  });
}

function runLine(formula: Formula, at: number, line: Line, run: Run, look: Look): Line {
  const name = formulaName(formula.text);
  const drawn = lineAmong(line, at, look.shown, { key: formula.text, name });
  const label = nameOf(look.legend, { run, metric: name, expression: name });
  return label === null ? drawn : { ...drawn, label };
}

function groupLines(
  formula: Formula,
  at: number,
  lines: Line[],
  own: ComputedSeries[],
  parts: (ComputedSeries | undefined)[],
  { shown, all, grouping }: Look,
): Line[] {
  const fetched = {
    whole: own.map(({ series }) => series),
    parts: parts.flatMap((part) => part?.series ?? []),
  };
  const style = { key: formula.text, name: formulaName(formula.text) };
  return groupedLines(lines, shown, all, grouping!, fetched).map((line) =>
    lineAmong(line, at, [], style),
  );
}

/** The lines of metrics, unless computed ones stand in their place, and the computed ones. */
export function extendedLines(
  logged: MetricLines[],
  drawn: Drawn,
  settings: PanelSettings,
  scene: Pick<Look, 'shown' | 'all' | 'grouping'>,
): Line[] {
  const own = settings.logged === '0' && drawn.formulas.length > 0 ? [] : logged;
  const look: Look = { ...scene, legend: settings.legend, before: own.length };
  const named = own.flatMap((metric) =>
    look.grouping ? metric.lines : renamedLines(metric, look),
  );
  return [...named, ...computedLines(drawn, look)];
}

/** The lines of a metric under the names of the template. */
function renamedLines({ field, lines }: MetricLines, { shown, legend }: Look): Line[] {
  return lines.map((line) => {
    const run = shown.find(({ uid }) => String(uid) === (line.beside ?? line.id));
    const label = run && nameOf(legend, { run, metric: field.key, expression: field.key });
    return label === undefined || label === null ? line : { ...line, label };
  });
}

function nameOf(legend: string | undefined, subject: Parameters<typeof labelOf>[1]): string | null {
  return legend && !templateFault(legend) ? labelOf(legend, subject) : null;
}
