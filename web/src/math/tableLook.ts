/** How a table is looked at: which columns, which rows by column, and grouped by what. */

import type { Json } from '../model/json';
import { jsonNumber } from './jsonNumber';
import { mediaItems } from './media';
import { cellText, type LoggedTable } from './table';

export interface TableLook {
  /** Numbers of columns that are not shown. */
  hidden: ReadonlySet<number>;
  group: readonly number[];
  /** By the number of the column, what its cells must be. */
  filters: ReadonlyMap<number, string>;
}

export const PLAIN_LOOK: TableLook = { hidden: new Set(), group: [], filters: new Map() };

type Test = (cell: Json | undefined) => boolean;

const isMissing: Test = (cell) => cell === null || cell === undefined || cell === '';
const RANGE = /^\s*(-?[\d.]+(?:e[-+]?\d+)?)?\s*\.\.\s*(-?[\d.]+(?:e[-+]?\d+)?)?\s*$/i;
const BOUND = /^\s*(<=|>=|<|>|=)\s*(-?[\d.]+(?:e[-+]?\d+)?)\s*$/i;
const REGEX = /^\/(.*)\/(i?)$/;

const BOUNDS: Record<string, (a: number, b: number) => boolean> = {
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
  '=': (a, b) => a === b,
};

const ofNumber =
  (holds: (value: number) => boolean): Test =>
  (cell) => {
    const value = cell === undefined ? null : jsonNumber(cell);
    return value !== null && holds(value);
  };

/**
 * What a typed filter asks of a cell: `missing`, `present`, `1..5`, `> 0.5`, `/regex/` or a text
 * that it holds. Null for a regular expression that is none.
 */
export function cellTest(filter: string): Test | null {
  const typed = filter.trim();
  if (typed === 'missing') return isMissing;
  if (typed === 'present') return (cell) => !isMissing(cell);
  const range = RANGE.exec(typed);
  if (range && (range[1] || range[2])) {
    const [least, most] = [Number(range[1] ?? -Infinity), Number(range[2] ?? Infinity)];
    return ofNumber((value) => value >= least && value <= most);
  }
  const bound = BOUND.exec(typed);
  if (bound) return ofNumber((value) => BOUNDS[bound[1]](value, Number(bound[2])));
  const [, source, flags] = REGEX.exec(typed) ?? [];
  if (source !== undefined) return regexTest(source, flags);
  const wanted = typed.toLowerCase();
  return (cell) => cellText(cell).toLowerCase().includes(wanted);
}

function regexTest(source: string, flags: string): Test | null {
  try {
    const pattern = new RegExp(source, flags);
    return (cell) => pattern.test(cellText(cell));
  } catch {
    return null; // while it is being typed
  }
}

/** The rows that pass the filter of every column. */
export function filteredRows({ data }: LoggedTable, { filters }: TableLook): Json[][] {
  const tests = [...filters].flatMap(([column, filter]) => {
    const passes = filter.trim() ? cellTest(filter) : null;
    return passes ? [{ column, passes }] : [];
  });
  if (tests.length === 0) return data;
  return data.filter((row) => tests.every(({ column, passes }) => passes(row[column])));
}

export interface GroupedTable extends LoggedTable {
  /** The first row of each group. */
  firsts: Map<Json[], Json[]>;
}

const MOST_MEDIA = 8;

/**
 * A row for each combination of values of the columns: how many rows it has, the mean of each
 * column of numbers and the first media of each column of media.
 */
export function groupedRows(
  columns: LoggedTable['columns'],
  rows: Json[][],
  by: readonly number[],
) {
  const groups = new Map<string, Json[][]>();
  for (const row of rows) {
    const key = JSON.stringify(by.map((column) => row[column] ?? null));
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const rest = columns.flatMap((name, i) => (by.includes(i) ? [] : [{ name, i }]));
  const told = rest.flatMap(({ name, i }) => tellerOf(rows, name, i));
  const firsts = new Map<Json[], Json[]>();
  const data = [...groups.values()].map((group) => {
    const own = by.map((column) => group[0][column] ?? null);
    const row: Json[] = [...own, group.length, ...told.map(({ tell }) => tell(group))];
    firsts.set(row, group[0]);
    return row;
  });
  const names = [...by.map((i) => columns[i]), 'rows', ...told.map(({ name }) => name)];
  return { columns: names, data, firsts } satisfies GroupedTable;
}

interface Teller {
  name: string;
  tell(group: Json[][]): Json;
}

/** What a group says of a column: nothing where it is of texts. */
function tellerOf(rows: Json[][], name: string | number, column: number): Teller[] {
  const sample = rows.find((row) => !isMissing(row[column]))?.[column];
  if (sample === undefined) return [];
  const cells = (group: Json[][]) => group.map((row) => row[column] ?? null);
  if (mediaItems(sample).length > 0) {
    const first = (group: Json[][]) =>
      cells(group)
        .filter((cell) => cell !== null)
        .slice(0, MOST_MEDIA);
    return [{ name: String(name), tell: (group) => (first(group).length ? first(group) : null) }];
  }
  if (typeof sample !== 'number') return [];
  return [{ name: `mean of ${name}`, tell: (group) => mean(cells(group)) }];
}

function mean(cells: Json[]): number | null {
  const numbers = cells.filter((cell): cell is number => typeof cell === 'number');
  return numbers.length > 0 ? numbers.reduce((sum, one) => sum + one, 0) / numbers.length : null;
}
