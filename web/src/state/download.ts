/** Files made from what a panel holds. */

import type { Line } from '../charts/types';

function save(name: string, text: string, type: string): void {
  const link = document.createElement('a');
  const url = URL.createObjectURL(new Blob([text], { type }));
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** Quotes what needs it; a leading = + - @ would be run as a formula by spreadsheets. */
function cell(value: string | number): string {
  const text = String(value);
  const harmless = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export function toCsv(rows: (string | number)[][]): string {
  return `${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

/** The buckets of all lines of a panel, one row each. */
export function downloadCsv(key: string, x: string, lines: Line[]): void {
  const head = ['run', x, 'mean', 'min', 'max', 'first', 'last', 'count'];
  const rows = lines.flatMap((line) =>
    Array.from(line.x, (value, i) => [
      line.label,
      value,
      line.mean[i],
      line.min[i],
      line.max[i],
      line.first[i],
      line.last[i],
      line.count[i],
    ]),
  );
  save(`${key.replaceAll('/', '_')}.csv`, toCsv([head, ...rows]), 'text/csv');
}
