/** Widths that a reader has given to columns of the table; this browser keeps them. */

import { signal } from '@preact/signals';
import { remember, remembered } from '../memory';

const KEPT = 'columns';
const LEAST_PIXELS = 56;
const MOST_PIXELS = 1200;

export type ColumnWidths = Readonly<Record<string, number>>;

export const columnWidths = signal<ColumnWidths>(read());

/** What somebody else has written there counts as nothing. */
function read(): ColumnWidths {
  const widths: Record<string, number> = {};
  for (const part of new URLSearchParams(remembered(KEPT) ?? '')) {
    const pixels = Number(part[1]);
    if (pixels >= LEAST_PIXELS && pixels <= MOST_PIXELS) widths[part[0]] = pixels;
  }
  return widths;
}

/** Null gives a column the width back that its values ask for. */
export function setColumnWidth(by: string, pixels: number | null): void {
  const { [by]: _, ...others } = columnWidths.peek();
  const bounded = pixels && Math.round(Math.min(MOST_PIXELS, Math.max(LEAST_PIXELS, pixels)));
  columnWidths.value = bounded ? { ...others, [by]: bounded } : others;
  const entries = Object.entries(columnWidths.peek()).map(([key, at]) => [key, String(at)]);
  remember(KEPT, entries.length > 0 ? new URLSearchParams(entries).toString() : null);
}
