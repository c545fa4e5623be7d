/** Rows of logged tables: filtered and sorted. */

import type { Json } from '../api/types';

export interface LoggedTable {
  columns: (string | number)[];
  data: Json[][];
}

/** Tables of any origin may lack cells. */
export const cellText = (cell: Json | undefined): string =>
  typeof cell === 'string' ? cell : cell === null || cell === undefined ? '' : JSON.stringify(cell);

const isNumber = (cell: Json): cell is number => typeof cell === 'number';

/** Numbers before texts, each in their own order. */
function compare(a: Json, b: Json): number {
  if (isNumber(a) && isNumber(b)) return a - b;
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  return cellText(a).localeCompare(cellText(b), undefined, { numeric: true });
}

/** Empty cells stand last in either order. */
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
  const { column, down } = sort;
  const empty = (row: Json[]) => Number(row[column] === null || row[column] === undefined);
  return [...found].sort(
    (a, b) =>
      empty(a) - empty(b) || (empty(a) ? 0 : compare(a[column], b[column]) * (down ? -1 : 1)),
  );
}
