/** Confusion matrices before they are drawn: what each cell says, and where everything stands. */

import { counted, formatCount, formatShare, formatShort } from '../../math/numbers';
import { accuracyOf, type Matrix, rowShares, sum } from '../../math/plots';
import type { Box } from '../surface';

export interface RunMatrix {
  id: string;
  label: string;
  color: string;
  matrix: Matrix;
}

export interface MatrixOptions {
  /** Cells as shares of their row: of the actual class. */
  shares: boolean;
  titles: { actual: string; predicted: string };
}

export interface DrawnMatrix extends RunMatrix {
  /** What the cells are coloured by. */
  shown: Float64Array;
  accuracy: number;
}

export interface MatrixModel {
  matrices: DrawnMatrix[];
  /** Value of the darkest colour. */
  most: number;
}

export function buildMatrices(data: RunMatrix[], { shares }: MatrixOptions): MatrixModel {
  const matrices = data.map((one) => ({
    ...one,
    shown: shares ? rowShares(one.matrix) : one.matrix.counts,
    accuracy: accuracyOf(one.matrix),
  }));
  let most = 0;
  for (const { shown } of matrices) for (const value of shown) most = Math.max(most, value);
  return { matrices, most: shares ? 1 : most };
}

/** How a cell says its value, from the fullest words to the shortest. */
export function cellForms(shares: boolean): ((value: number) => string)[] {
  if (!shares) return [formatCount, (value) => formatShort(value, 2)];
  return [
    (share) => `${percent(share, 1)} %`,
    (share) => percent(share, 1),
    (share) => percent(share, 0),
  ];
}

/** What is there but would be rounded away is not called 0. */
function percent(share: number, digits: number): string {
  const least = 10 ** -digits;
  if (share > 0 && share * 100 < least / 2) return `<${least}`;
  return share === 0 ? '0' : (share * 100).toFixed(digits);
}

/** Room of one matrix: its cells, and where its names of classes end. */
export interface MatrixPlace {
  cells: Box;
  /** Names of the actual classes stand left of the cells; only where the ones before are others. */
  named: boolean;
  /** Lines of the names of predicted classes; null: a cell is too narrow, so they stand slanted. */
  lines: string[][] | null;
}

export interface Room {
  width: number;
  height: number;
  /** Width of a text in pixels. */
  measure(text: string): number;
}

export const LINE_PIXELS = 13;
const MOST_LINES = 3;

/** The words of a name in lines that fit into a width; null where they don't. */
function wrapped(name: string, width: number, { measure }: Room): string[] | null {
  const lines: string[] = [];
  for (const word of name.split(' ')) {
    const last = lines.length - 1;
    const longer = last >= 0 ? `${lines[last]} ${word}` : word;
    if (last >= 0 && measure(longer) <= width) lines[last] = longer;
    else if (measure(word) <= width) lines.push(word);
    else return null;
  }
  return lines.length <= MOST_LINES ? lines : null;
}

const GAP = 20;
const RIGHT = 8;
const TITLE = 18;
const HEADING = 20;
const NAME_SHARE = 0.34;
const SLANT_SHARE = 0.3;
const LETTER_PIXELS = 14;

export function placeMatrices({ matrices }: MatrixModel, room: Room): MatrixPlace[] {
  const named = matrices.map(({ matrix }, i) => {
    return i === 0 || matrix.actual.join('\n') !== matrices[i - 1].matrix.actual.join('\n');
  });
  const widest = (texts: string[]) => Math.max(0, ...texts.map(room.measure));
  const shares = named.filter(Boolean).length === 1 ? Math.max(1, matrices.length / 2) : 1;
  const most = ((room.width * NAME_SHARE) / Math.max(1, matrices.length)) * shares;
  const names = matrices.map(({ matrix }, i) =>
    named[i] ? Math.min(most, widest(matrix.actual)) + 8 : 0,
  );
  const gaps = GAP * (matrices.length - 1) + RIGHT;
  const wide = (room.width - gaps - sum(Float64Array.from(names))) / Math.max(1, matrices.length);
  const lines = matrices.map(({ matrix: { predicted } }) => {
    const found = predicted.map((name) => wrapped(name, wide / predicted.length - 4, room));
    return found.every((one) => one !== null) ? found : null;
  });
  const below = matrices.map(({ matrix }, i) => {
    const flat = lines[i]?.reduce((high, { length }) => Math.max(high, length), 1);
    if (flat !== undefined) return flat * LINE_PIXELS + 5;
    const slanted = widest(matrix.predicted) * Math.SQRT1_2 + LETTER_PIXELS;
    return Math.min(room.height * SLANT_SHARE, slanted);
  });
  const top = TITLE + (matrices.length > 1 ? HEADING : 0);
  const height = Math.max(1, room.height - top - Math.max(0, ...below) - TITLE);
  let left = 0;
  return matrices.map((_, i) => {
    const from = left + names[i];
    left = from + wide + GAP;
    const cells = { left: from, top, width: Math.max(1, wide), height };
    return { cells, named: named[i], lines: lines[i] };
  });
}

const MOST_NAMED = 12;

export function describeMatrices({ matrices }: MatrixModel): string {
  if (matrices.length === 0) return 'Confusion matrix without data.';
  const parts = matrices.map(({ label, matrix, accuracy }) => {
    const { actual, counts } = matrix;
    const many = `${counted(sum(counts), 'prediction')} of ${actual.length} classes`;
    const classes = actual.slice(0, MOST_NAMED).map((_, row) => describeRow(matrix, row));
    const more = actual.length > MOST_NAMED ? `; and ${actual.length - MOST_NAMED} more` : '';
    return `${label}: ${many}, accuracy ${formatShare(accuracy)}. ${classes.join('; ')}${more}.`;
  });
  return `Confusion matrix. ${parts.join(' ')}`;
}

/** How often a class was found, and what it was mostly taken for instead. */
function describeRow({ actual, predicted, counts }: Matrix, row: number): string {
  const name = actual[row];
  const own = counts.subarray(row * predicted.length, (row + 1) * predicted.length);
  const others = [...predicted.keys()].filter((i) => predicted[i] !== name && own[i] > 0);
  const right = predicted.indexOf(name) >= 0 ? own[predicted.indexOf(name)] : 0;
  const found = `${name}: ${formatCount(right)} of ${formatCount(sum(own))} right`;
  if (others.length === 0) return found;
  const mostly = others.reduce((best, i) => (own[i] > own[best] ? i : best));
  return `${found}, mostly taken for ${predicted[mostly]} (${formatCount(own[mostly])})`;
}
