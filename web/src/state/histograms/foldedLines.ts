/** Lines of the RMS of very many tensors: those of a group as one, the rest limited. */

import type { Tensor, TensorResponse } from '../../api/types';
import { layerRows } from '../../math/layers';
import { foldRows, type LayerGroup, movementOf, spreadRows } from '../../math/layerTree';
import { counted, formatCount } from '../../math/numbers';
import type { Line, Note } from '../../model/types';
import { chartTensor, depthColor, rmsLines } from './tensors';

/** Lines beyond these can't be told apart. */
const MOST_LINES = 100;

export interface RmsPicture {
  lines: Line[];
  notes: Note[];
}

interface Row {
  line: Line;
  movement: number;
}

/**
 * One line per tensor where there are few of them. Of many, the tensors of a group (the experts of a
 * layer) are one line at their median, with a band to the highest and the lowest, and of what is
 * still too much those that move most are left; the notes say so. A search unfolds what it finds.
 */
export function rmsPicture(answer: TensorResponse, search: RegExp | null): RmsPicture {
  const tensors = search ? answer.tensors.filter(({ key }) => search.test(key)) : answer.tensors;
  if (tensors.length <= MOST_LINES) return { lines: rmsLines({ ...answer, tensors }), notes: [] };
  const rows = linesOf({ ...answer, tensors }, search === null);
  const movements = rows.map(({ movement }) => movement).sort((a, b) => b - a);
  const least = movements[MOST_LINES - 1] ?? 0;
  const shown = rows.filter(({ movement }) => movement >= least).slice(0, MOST_LINES);
  const lines = shown.map(({ line }, i) => ({
    ...line,
    color: depthColor(shown.length > 1 ? i / (shown.length - 1) : 0),
  }));
  return { lines, notes: notesOf(tensors.length, rows, lines) };
}

function notesOf(tensors: number, rows: Row[], lines: Line[]): Note[] {
  const notes: Note[] = [];
  if (rows.length < tensors) {
    const text = `${counted(tensors, 'tensor')} in ${counted(rows.length, 'line')}: medians of groups`;
    notes.push({ text, tone: 'plain' });
  }
  if (lines.length < rows.length) {
    const [some, all] = [lines.length, rows.length].map(formatCount);
    notes.push({ text: `${some} of ${all} lines: what moves most`, tone: 'plain' });
  }
  return notes;
}

function linesOf(answer: TensorResponse, fold: boolean): Row[] {
  const data = { width: answer.grid.width, tensors: answer.tensors.map(chartTensor), against: [] };
  const rows = layerRows(data, 'rms');
  const tensors = new Map(answer.tensors.map((tensor) => [tensor.key, tensor]));
  return (fold ? foldRows(rows) : rows).map((row) => {
    if ('members' in row) return groupRow(row, tensors, answer);
    const [line] = rmsLines({ ...answer, tensors: [tensors.get(row.key)!] });
    return { line, movement: movementOf(row) };
  });
}

/** The line of a group over the moments of its first member with the most of them. */
function groupRow(group: LayerGroup, tensors: Map<string, Tensor>, answer: TensorResponse): Row {
  const longest = group.members.reduce((a, b) => (b.bucket.length > a.bucket.length ? b : a));
  const [whole] = rmsLines({ ...answer, tensors: [tensors.get(longest.key)!] });
  const spread = spreadRows(group);
  const [highest, median, lowest] = spread.map(({ bucket, values }) =>
    valuesAt(longest.bucket, bucket, values).map((value) => 10 ** value),
  );
  const members = group.members.map(({ key }) => tensors.get(key)!.columns);
  const line: Line = {
    ...whole,
    id: group.name,
    label: `${group.name} (${formatCount(group.members.length)})`,
    spread: 'minmax',
    mean: median,
    min: lowest,
    max: highest,
    first: median,
    last: median,
    nan: summed(longest.bucket, members, 'nan'),
    posInf: summed(longest.bucket, members, 'pos_inf'),
    negInf: summed(longest.bucket, members, 'neg_inf'),
    xBad: valuesAt(longest.bucket, spread[0].bucket, spread[0].xBad),
  };
  return { line, movement: movementOf({ ...longest, values: median.map(Math.log10) }) };
}

/** What all members have counted in each of the wanted buckets. */
function summed(
  wanted: Float64Array,
  members: Tensor['columns'][],
  name: 'nan' | 'pos_inf' | 'neg_inf',
): Float64Array {
  const places = new Map(Array.from(wanted, (at, i) => [at, i]));
  const sums = new Float64Array(wanted.length);
  for (const { bucket, [name]: counts } of members) {
    bucket.forEach((at, i) => {
      const place = places.get(at);
      if (place !== undefined) sums[place] += counts[i];
    });
  }
  return sums;
}

/** The values of the wanted buckets. */
function valuesAt(wanted: Float64Array, bucket: Float64Array, values: Float64Array): Float64Array {
  const places = new Map(Array.from(bucket, (at, i) => [at, i]));
  return wanted.map((at) => values[places.get(at)!]);
}
