/** Line charts in words, for people who don't see them. */

import { counted, digitsOn, formatValue } from '../../math/numbers';
import type { LineOptions } from '../../model/types';
import { xShort } from '../axes';
import type { DrawnLine } from './drawnLine';
import type { LineModel } from './lineModel';

const MOST_LINES = 12;

export function describeLines(model: LineModel, options: LineOptions): string {
  const { lines, x } = model;
  if (lines.length === 0) return 'Line chart without data.';
  const range = `${options.x.name ?? options.x.kind} ${xShort(options.x.kind, x[0])} to ${xShort(options.x.kind, x[1])}`;
  const digits = digitsOn(...model.y);
  const named = lines
    .slice(0, MOST_LINES)
    .map((line) => describeLine(line, digits))
    .join('; ');
  const more = lines.length > MOST_LINES ? `; and ${lines.length - MOST_LINES} more` : '';
  const count = counted(lines.length, 'line');
  const notes = model.notes.map((note) => note.text).join(', ');
  const chance = options.diagonal ? ' The diagonal is that of chance.' : '';
  return `Line chart, ${count} over ${range}.${chance} ${named}${more}.${notes ? ` ${notes}.` : ''}`;
}

function describeLine({ line, smoothed, original }: DrawnLine, digits: number): string {
  const value = (number: number) => formatValue(number, digits);
  const ends = smoothed.filter((value) => Number.isFinite(value));
  if (ends.length === 0) return `${line.label}: no finite value`;
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < original.length; i++) {
    if (line.min[i] < lo) lo = line.min[i];
    if (line.max[i] > hi) hi = line.max[i];
  }
  const path = `from ${value(ends[0])} to ${value(ends[ends.length - 1])}`;
  return `${line.label}: ${path}, lowest ${value(lo)}, highest ${value(hi)}`;
}
