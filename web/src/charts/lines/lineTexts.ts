/** What the tooltip of a line panel says under its rows: extremes, non-finite values, groups. */

import { formatCount, formatValue } from '../../math/numbers';
import { lastAtOrBefore } from '../../math/search';
import type { GroupFacts, Line, LineOptions } from '../../model/types';
import { momentName, uncapital } from '../axes';
import type { DrawnLine } from './drawnLine';
import { hasExtremes, type LinePlot, type Spot } from './lineMoment';

/** One value of a column, and whose it is. */
interface Extreme {
  value: number;
  x: number;
  label: string;
}

interface Broken {
  nan: number;
  posInf: number;
  negInf: number;
  x: number;
  label: string;
}

interface Column {
  /** Some line has several points in it: its extremes are not what the rows say. */
  several: boolean;
  min: Extreme;
  max: Extreme;
  broken: Broken;
}

/** Everything in one pixel column: the greatest, the least and what is not finite, exactly. */
export function columnText(
  lines: DrawnLine[],
  plot: LinePlot,
  pixel: number,
  options: LineOptions,
  digits = 4,
): string {
  const column = columnOf(lines, plot, Math.round(pixel));
  const { min, max } = column;
  const named = lines.length > 1;
  const at = ({ x, label }: { x: number; label: string }) => {
    const where = momentName(options.x.kind, { x }, options.x.name);
    return `at ${uncapital(where)}${named ? ` in ${label}` : ''}`;
  };
  const parts: string[] = [];
  if (column.several && Number.isFinite(max.value)) {
    parts.push(`max ${formatValue(max.value, digits)} ${at(max)}`);
    parts.push(`min ${formatValue(min.value, digits)} ${at(min)}`);
  }
  const broken = brokenText(column.broken, at);
  return [...parts, ...(broken ? [broken] : [])].join(' · ');
}

function brokenText(broken: Broken, at: (broken: Broken) => string): string {
  const { nan, posInf, negInf } = broken;
  const kinds: [number, string][] = [
    [nan, 'NaN'],
    [posInf, '∞'],
    [negInf, '−∞'],
  ];
  const there = kinds.filter(([count]) => count > 0);
  if (there.length === 0) return '';
  const total = nan + posInf + negInf;
  const words = there.map(([count, word]) => `${formatCount(count)} ${word}`).join(', ');
  if (broken.x === Number.POSITIVE_INFINITY) return words; // too many to tell where
  if (total === 1) return `${there[0][1]} ${at(broken)}`;
  return `${words}, the first ${at(broken)}`;
}

function columnOf(lines: DrawnLine[], plot: LinePlot, pixel: number): Column {
  const empty = { label: '', x: Number.NaN };
  const column: Column = {
    several: false,
    min: { ...empty, value: Number.POSITIVE_INFINITY },
    max: { ...empty, value: Number.NEGATIVE_INFINITY },
    broken: { ...empty, nan: 0, posInf: 0, negInf: 0, x: Number.POSITIVE_INFINITY },
  };
  for (const item of lines) addLine(column, item, plot, pixel);
  return column;
}

function addLine(column: Column, item: DrawnLine, plot: LinePlot, pixel: number): void {
  const { line } = item;
  let points = 0;
  const start = Math.max(0, lastAtOrBefore(line.x, plot.xAt(pixel - 1)));
  for (let i = start; i < line.x.length; i++) {
    const at = Math.round(plot.toX(line.x[i]));
    if (at > pixel) break;
    if (at !== pixel) continue;
    points += line.min[i] < line.max[i] ? 2 : line.count[i];
    if (!line.spread || hasExtremes(item)) addExtremes(column, line, i);
    addBroken(column.broken, line, i);
  }
  if (points > 1 && (!line.spread || hasExtremes(item))) column.several = true;
}

function addExtremes({ min, max }: Column, { label, ...line }: Line, i: number): void {
  if (line.max[i] > max.value) Object.assign(max, { value: line.max[i], x: line.xMax[i], label });
  if (line.min[i] < min.value) Object.assign(min, { value: line.min[i], x: line.xMin[i], label });
}

function addBroken(broken: Broken, line: Line, i: number): void {
  broken.nan += line.nan[i];
  broken.posInf += line.posInf[i];
  broken.negInf += line.negInf[i];
  if (line.xBad[i] < broken.x) Object.assign(broken, { x: line.xBad[i], label: line.label });
}

/** Of a line of several runs: what its value is made of here, with so many digits. */
export function groupText({ item, bucket }: Spot, digits: number): string {
  const { group, spread, min, max } = item.line;
  if (!group) return '';
  const band =
    spread === 'none'
      ? ''
      : `, band ${formatValue(min[bucket], digits)} to ${formatValue(max[bucket], digits)}`;
  const deviation =
    group.members[bucket] > 1 ? `, std ${formatValue(group.deviation[bucket])}` : '';
  return `${group.center} of ${group.members[bucket]}${deviation}, ${membersText(group, bucket)}${band}`;
}

/** `n 2 of 3`: how many runs of the group have a value here. */
export const membersText = ({ members, size }: GroupFacts, bucket: number): string =>
  `n ${members[bucket]} of ${size}`;
