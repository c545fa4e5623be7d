/** Widths of the table's columns: from the heads and some of the values, never from the layout. */

import type { Run } from '../../api/types';
import type { ColumnWidths } from '../../state/runs/columnWidths';
import { asNumber, asText } from '../../state/runs/filters';
import { columnName, isMeasured } from '../../state/runs/runColumns';
import { runValue } from '../../state/runs/visibility';
import { type CellColumn, numberText } from './TableCell';

const LETTER_PIXELS = 8.2;
const PADDING = 24;
const SORT_ICON = 20;
const DELTA = 68;
const DISTRIBUTION = 80;
const BOUNDS = { least: 72, most: 240 };
const SAMPLE = 100;
const FIXED = { name: 288, state: 104, created: 124, runtime: 88 };

/** Boxes, dot and menu beside a name. */
const BESIDE_NAME = 128;

/** Pixels for a name in its column. */
export const nameRoom = (chosen: ColumnWidths): number => (chosen.name ?? FIXED.name) - BESIDE_NAME;

function clamped(pixels: number): number {
  return Math.round(Math.min(BOUNDS.most, Math.max(BOUNDS.least, pixels)));
}

/** Every n-th run, so that the sample is of the whole list. */
function sampleOf(listed: Run[]): Run[] {
  const stride = Math.ceil(listed.length / SAMPLE);
  return listed.filter((_, i) => i % stride === 0);
}

const letters = (texts: string[]): number => Math.max(0, ...texts.map(({ length }) => length));

function tagsWidth(sample: Run[]): number {
  const widths = sample.map(({ tags }) =>
    tags.reduce((sum, tag) => sum + tag.length * 7.2 + 18, 0),
  );
  return clamped(Math.max(0, ...widths) + PADDING);
}

function notesWidth(listed: Run[]): number {
  const longest = letters(sampleOf(listed).map(({ notes }) => notes));
  return clamped(longest * LETTER_PIXELS + PADDING);
}

function valueWidth(sample: Run[], { by, facts }: CellColumn, compared: boolean): number {
  const texts = sample.map((run) => textOf(run, by));
  const measured = isMeasured(by) && facts.numeric;
  const value = letters(texts) * LETTER_PIXELS + (measured && compared ? DELTA : 0);
  const head = columnName(by).length * 6.8 + SORT_ICON;
  return clamped(Math.max(value, head, facts.numeric ? DISTRIBUTION : 0) + PADDING);
}

function textOf(run: Run, by: string): string {
  const value = runValue(run, by);
  const number = asNumber(value);
  if (number === null || typeof value === 'boolean') return asText(value);
  return numberText(by, number, value);
}

/**
 * `grid-template-columns` of the rows, all of which are equally wide; spare room is shared by the
 * columns that nobody has given a width.
 */
export function gridColumns(
  listed: Run[],
  columns: CellColumn[],
  compared: boolean,
  notes: boolean,
  chosen: ColumnWidths,
): { template: string; pixels: number } {
  const sample = sampleOf(listed);
  const usual: [by: string, pixels: number][] = [
    ...Object.entries(FIXED),
    ['tags', tagsWidth(sample)],
    ...(notes ? [['notes', notesWidth(listed)] as [string, number]] : []),
    ...columns.map((column): [string, number] => [column.by, valueWidth(sample, column, compared)]),
  ];
  const parts = usual.map(([by, width]) =>
    chosen[by] ? `${chosen[by]}px` : `minmax(${width}px, ${width}fr)`,
  );
  const pixels = usual.reduce((sum, [by, width]) => sum + (chosen[by] ?? width), 0);
  return { template: parts.join(' '), pixels };
}
