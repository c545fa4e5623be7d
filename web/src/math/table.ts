/** Rows of logged tables: filtered and sorted. */

import type { Json } from '../model/json';
import { jsonNumber } from './jsonNumber';

export interface LoggedTable {
  columns: (string | number)[];
  data: Json[][];
  /** How many rows it was logged with, where `data` may have fewer. */
  total?: number;
  /** Why rows or media are missing. */
  lack?: string;
}

/** Tables of any origin may lack cells. */
export const cellText = (cell: Json | undefined): string =>
  typeof cell === 'string' ? cell : cell === null || cell === undefined ? '' : JSON.stringify(cell);

const LAST = 2;
const TEXTS = new Intl.Collator(undefined, { numeric: true });

/** What a cell is compared by: found once, as comparing asks for it millions of times. */
interface SortKey {
  row: Json[];
  /** Numbers stand before texts, and after both, in either order, NaN and then empty cells. */
  rank: 0 | 1 | 2 | 3;
  number: number;
  text: string;
}

function sortKey(row: Json[], column: number): SortKey {
  const cell = row[column];
  if (cell === null || cell === undefined) return { row, rank: 3, number: 0, text: '' };
  const number = jsonNumber(cell);
  if (Number.isNaN(number)) return { row, rank: LAST, number: 0, text: '' };
  if (number !== null) return { row, rank: 0, number, text: '' };
  return { row, rank: 1, number: 0, text: cellText(cell) };
}

function compare(a: SortKey, b: SortKey): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.rank === 0) return a.number === b.number ? 0 : a.number - b.number;
  return TEXTS.compare(a.text, b.text);
}

/** NaN, and then empty cells, stand last in either order. */
export function tableRows(
  { data }: LoggedTable,
  search: string,
  sort: { column: number; down: boolean } | null,
): Json[][] {
  const wanted = search.toLowerCase();
  const found = wanted
    ? data.filter((row) => row.some((cell) => cellText(cell).toLowerCase().includes(wanted)))
    : data;
  if (!sort) return found;
  const keys = found.map((row) => sortKey(row, sort.column));
  const filled = keys.filter(({ rank }) => rank < LAST).sort(compare);
  const upright = sort.down ? stableReversed(filled) : filled;
  return [
    ...upright,
    ...keys.filter(({ rank }) => rank >= LAST).sort((a, b) => a.rank - b.rank),
  ].map(({ row }) => row);
}

/** From the greatest down; rows that are equal keep their order. */
function stableReversed(keys: SortKey[]): SortKey[] {
  const groups: SortKey[][] = [];
  for (const key of keys) {
    const last = groups.at(-1);
    if (last && compare(last[0], key) === 0) last.push(key);
    else groups.push([key]);
  }
  return groups.reverse().flat();
}

/** Tables below each other, each value under the column of its name; what a table lacks is empty. */
export function concatenated(parts: LoggedTable[]): LoggedTable {
  const columns: LoggedTable['columns'] = [];
  const places = parts.map((part) => placesIn(columns, part.columns));
  const data = parts.flatMap(({ data: rows }, i) =>
    rows.map((row) => {
      const whole = empty(columns.length);
      places[i].forEach((place, at) => {
        whole[place] = row[at] ?? null;
      });
      return whole;
    }),
  );
  return { columns, data };
}

/** Where each of a table's columns stands in all of them, to which new ones are added. */
function placesIn(all: LoggedTable['columns'], own: LoggedTable['columns']): number[] {
  const places: number[] = [];
  for (const column of own) {
    const known = all.findIndex((one, i) => String(one) === String(column) && !places.includes(i));
    places.push(known < 0 ? all.push(column) - 1 : known);
  }
  return places;
}

/**
 * The rows of two tables beside each other where their key columns are the same, then the rows
 * that only one of them has. Throws where a table lacks its key column.
 */
export function joined(first: LoggedTable, second: LoggedTable, keys: string[]): LoggedTable {
  const [leftKey, rightKey = leftKey] = keys;
  const left = first.columns.findIndex((column) => String(column) === leftKey);
  const right = second.columns.findIndex((column) => String(column) === rightKey);
  if (left < 0 || right < 0)
    throw new Error(`The tables are joined by "${keys.join('" and "')}", which is no column.`);
  const rows = new Map<string, Json[][]>();
  for (const row of second.data) {
    const key = JSON.stringify(row[right]);
    rows.set(key, [...(rows.get(key) ?? []), without(row, right)]);
  }
  const used = new Set<string>();
  const matched = first.data.flatMap((row) => {
    const key = JSON.stringify(row[left]);
    used.add(key);
    const others = rows.get(key) ?? [empty(second.columns.length - 1)];
    return others.map((other) => [row[left], ...without(row, left), ...other]);
  });
  const alone = second.data
    .filter((row) => !used.has(JSON.stringify(row[right])))
    .map((row) => [row[right], ...empty(first.columns.length - 1), ...without(row, right)]);
  return { columns: columnsOf(first, left, second, right), data: [...matched, ...alone] };
}

const without = <T>(list: T[], index: number): T[] => list.filter((_, i) => i !== index);
const empty = (length: number): Json[] => Array.from({ length }, () => null);

/** Names that both tables have say which of them they mean. */
function columnsOf(
  first: LoggedTable,
  left: number,
  second: LoggedTable,
  right: number,
): LoggedTable['columns'] {
  const own = [without(first.columns, left), without(second.columns, right)];
  const named = own.map((columns, i) =>
    columns.map((column) => (own[1 - i].includes(column) ? `${column} (${i + 1})` : column)),
  );
  return [first.columns[left], ...named.flat()];
}
