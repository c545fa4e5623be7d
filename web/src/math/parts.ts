/** What an event holds of a tensor that lies on several processes, in words. */

import type { Histogram, HistogramEvents, TensorPart } from '../model/types';
import { counted, formatCount } from './numbers';

/** Columns of the server's answer, which is without them where no event is of a part. */
export const PART_COLUMNS = [
  'rank',
  'ranks',
  'part',
  'parts',
  'held',
  'whole',
  'unit',
  'values',
  'gradient',
  'found',
] as const;

/** In place of the number of a part: several processes logged a histogram at this step. */
const LOGGED = -2;

const UNITS = ['rows', 'columns', 'values'];
const GRADIENTS = [
  '',
  'raw local gradients',
  'gradients as the optimizer gets them',
  'raw gradients, a term of the sum over processes',
];

/** The part of event i, or null: the process was alone. */
export function partAt({ parts }: HistogramEvents, i: number): TensorPart | null {
  if (!parts || !(parts.ranks[i] > 0)) return null;
  return Object.fromEntries(PART_COLUMNS.map((name) => [name, parts[name][i]])) as never;
}

/** Whether values of the tensor are missing, as far as that is known. */
function isPart({ part, ranks, found, values }: TensorPart, counted: number): boolean {
  return part < 0 ? found < ranks : counted < values;
}

const valuesIn = ({ n, nan, posInf, negInf }: Histogram): number => n + nan + posInf + negInf;

/** `rank 0 of 8, 512 of 4,096 rows`, `7 of 8 parts`, `whole of 8 parts`, and which gradients. */
export function partText(part: TensorPart, histogram: Histogram): string {
  const gradient = GRADIENTS[part.gradient];
  return placeText(part, isPart(part, valuesIn(histogram))) + (gradient && ` · ${gradient}`);
}

function placeText(part: TensorPart, lacks: boolean): string {
  if (part.part === LOGGED) return `${counted(part.found, 'histogram')} of this step joined`;
  const { rank, ranks, parts, found } = part;
  const held = `${formatCount(part.held)} of ${formatCount(part.whole)} ${UNITS[part.unit]}`;
  if (found === 1) {
    const place = `rank ${formatCount(rank)} of ${formatCount(ranks)}`;
    return part.part >= 0 && lacks ? `${place}, ${held}` : place;
  }
  if (part.part < 0) return `values of ${formatCount(found)} of ${formatCount(ranks)} processes`;
  const all = formatCount(parts);
  return lacks ? `${formatCount(found)} of ${all} parts, ${held}` : `whole of ${all} parts`;
}

/** What a layer map has of the tensors of several processes; nothing where one process has all. */
export function mapPartText(parts: (TensorPart & { counted: number })[]): string {
  if (parts.length === 0) return '';
  const [first] = parts;
  const ranks = formatCount(first.ranks);
  if (first.part === LOGGED) return `${counted(first.found, 'histogram')} of each step joined`;
  if (parts.every(({ found }) => found === 1)) return `parts of rank ${first.rank} of ${ranks}`;
  const lacking = parts.filter((part) => part.part >= 0 && isPart(part, part.counted));
  if (lacking.length === 0) return `whole tensors of ${ranks} processes`;
  const { found, parts: all } = lacking[0];
  const more = lacking.length > 1 ? ` of ${formatCount(lacking.length)} tensors` : '';
  return `${formatCount(found)} of ${formatCount(all)} parts${more}`;
}

/** Whether the last event of the series is part of a tensor others of whose parts never came. */
export function lacksParts(part: TensorPart, histogram: Histogram): boolean {
  return part.found > 1 && part.part >= 0 && isPart(part, valuesIn(histogram));
}

/** Events, from the end, that late parts may still join. */
const LATE = 20;

/** From which position on events may still change: the first of the last ones that lacks a part. */
export function settledUpTo(events: HistogramEvents): number {
  const { length } = events.step;
  const isLogged = length > 0 && !(events.batch[length - 1] >= 0);
  if (isLogged) return length - 1; // another process may log one at this step
  if (!events.parts) return length;
  for (let i = Math.max(0, length - LATE); i < length; i++) {
    const part = partAt(events, i);
    const counted = events.n[i] + events.nan[i] + events.posInf[i] + events.negInf[i];
    if (part && isPart(part, counted)) return i;
  }
  return length;
}
