/** Files made from what a panel holds. */

import type { Run } from '../../api/types';
import { nonFiniteAt } from '../../math/buckets';
import { cellText, concatenated, type LoggedTable } from '../../math/table';
import type { Line } from '../../model/types';
import { openProject } from '../overlays';
import { asText } from './filters';
import { runValue } from './visibility';

export interface RunTable {
  run: Run;
  step: number;
  table: LoggedTable;
}

function save(name: string, text: string, type: string): void {
  saveBlob(name, new Blob([text], { type }));
}

/** Offers bytes as a file. */
export function saveBlob(name: string, bytes: Blob): void {
  const link = document.createElement('a');
  const url = URL.createObjectURL(bytes);
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

export type CsvRow = (string | number)[];

function toCsv(rows: CsvRow[]): string {
  return `${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

export const saveCsv = (key: string, rows: CsvRow[]): void =>
  save(`${key.replaceAll('/', '_')}.csv`, toCsv(rows), 'text/csv');

const NO_EXTREMES = ['', '', '', ''];
const extremesAt = ({ min, max, first, last }: Line, i: number): number[] =>
  [min, max, first, last].map((column) => column[i]);

/** The lines of groups: what the line is, its band by name, and of how many runs it is. */
export function groupRows(x: string, lines: Line[]): (string | number)[][] {
  const { group, spread = 'minmax' } = lines[0];
  const center = group?.center ?? 'mean';
  const [low, high] = BAND_NAMES[spread](center);
  const band = low ? [low, high] : [];
  const head = ['group', x, center, ...band, 'runs', 'runs_in_group', 'finite', 'non_finite'];
  const rows = lines.flatMap((line) =>
    Array.from(line.x, (value, i) => [
      line.label,
      value,
      line.mean[i],
      ...(low ? [line.min[i], line.max[i]] : []),
      line.group?.members[i] ?? '',
      line.group?.size ?? '',
      line.finite[i],
      nonFiniteAt(line, i),
    ]),
  );
  return [head, ...rows];
}

/** What the ends of a band are. */
const BAND_NAMES: Record<NonNullable<Line['spread']>, (center: string) => string[]> = {
  minmax: () => ['min', 'max'],
  std: (center) => [`${center}-std`, `${center}+std`],
  sem: (center) => [`${center}-sem`, `${center}+sem`],
  quartiles: () => ['q25', 'q75'],
  none: () => [],
};

/** The id of the run that a line is of; a line of a group is of none. */
function runIdOf({ id, beside = id }: Line): string {
  const [uid] = /^\d+$/.exec(beside) ?? [];
  return (uid && openProject.peek()?.byUid.peek().get(Number(uid))?.run_id) || '';
}

/** The buckets of all lines of a panel, one row each. */
export function downloadCsv(key: string, x: string, lines: Line[]): void {
  if (lines.length > 0 && lines.every(({ group }) => group)) {
    save(`${key.replaceAll('/', '_')}.csv`, toCsv(groupRows(x, lines)), 'text/csv');
    return;
  }
  const head = ['run', 'run_id', x, 'mean', 'min', 'max', 'first', 'last', 'count'];
  const rows = lines.flatMap((line) =>
    Array.from(line.x, (value, i) => [
      line.label,
      runIdOf(line),
      value,
      line.mean[i],
      ...(line.spread === 'none' ? NO_EXTREMES : extremesAt(line, i)),
      line.count[i],
    ]),
  );
  saveCsv(key, [head, ...rows]);
}

/** The logged tables of several runs, each row with its run and step. */
export function downloadTables(key: string, tables: RunTable[]): void {
  const { columns, data } = concatenated(
    tables.map(({ run, step, table }) => ({
      columns: ['run', 'run_id', 'step', ...table.columns],
      data: table.data.map((row) => [run.name, run.run_id, step, ...row]),
    })),
  );
  const rows = data.map((row) =>
    row.map((value) => (typeof value === 'number' ? value : cellText(value))),
  );
  saveCsv(key, [columns, ...rows]);
}

const RUN_FIELDS = ['name', 'state', 'created', 'runtime', 'tags', 'notes', 'group', 'job_type'];

/** Runs as the table lists them: one row each, times in ISO 8601, runtime in seconds. */
export function downloadRuns(name: string, runs: Run[], columns: string[]): void {
  const head = ['run_id', ...RUN_FIELDS, ...columns];
  const rows = runs.map((run) => [
    run.run_id,
    ...[...RUN_FIELDS, ...columns].map((by) => runCell(run, by)),
  ]);
  saveCsv(name, [head, ...rows]);
}

function runCell(run: Run, by: string): string | number {
  if (by === 'created') return new Date(run.created_us / 1000).toISOString();
  if (by === 'tags') return run.tags.join(' ');
  const value = runValue(run, by);
  return typeof value === 'number' ? value : asText(value);
}
