/** What a line panel shows, computed from its lines and options before anything is drawn. */

import { aggregateOf, nonFiniteAt } from '../../math/buckets';
import { counted, formatCount, formatShort } from '../../math/numbers';
import { smooth } from '../../math/smooth';
import type { Line, LineOptions, Note } from '../../model/types';
import { isDuration, momentName, uncapital } from '../axes';
import type { DrawnLine } from './drawnLine';
import { inside, type YRange, yRange } from './lineRange';

const MOST_NAMED = 3;

export interface LineModel {
  lines: DrawnLine[];
  x: [number, number];
  y: [number, number];
  /** The faint original is drawn beside a smoothed line. */
  showsOriginal: boolean;
  notes: Note[];
}

export function buildModel(lines: Line[], options: LineOptions): LineModel {
  const drawn = lines.map((line) => drawLine(line, options));
  const { smoothing } = options;
  const showsOriginal = smoothing.kind !== 'none' && smoothing.showOriginal;
  const x = xRange(lines, options);
  const y = yRange(drawn, options, x, showsOriginal);
  const model = { lines: drawn, x, y: y.bounds, showsOriginal, notes: [] };
  return { ...model, notes: notesOf(model, options, y) };
}

/** The range of y once the smoothed lines are others. */
export const rangeNow = ({ lines, x, showsOriginal }: LineModel, options: LineOptions) =>
  yRange(lines, options, x, showsOriginal).bounds;

function drawLine(line: Line, options: LineOptions): DrawnLine {
  const original = aggregateOf(line, options.aggregate);
  const several = line.count.some((count, i) => count > 1 || line.min[i] < line.max[i]);
  const banded = options.envelope && several && options.aggregate !== 'count';
  return { line, original, smoothed: smoothLine(line, original, options), banded };
}

/** Epochs, samples and other counters climb in whole numbers: a mean of them says nothing. */
function isCounter(line: Line): boolean {
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < line.x.length; i++) {
    if (!(line.finite[i] > 0)) continue;
    const [lo, hi] = [line.min[i], line.max[i]];
    if (!Number.isInteger(lo) || !Number.isInteger(hi) || lo < before) return false;
    before = hi;
  }
  return true;
}

const counters = new WeakMap<Line, boolean>();

function countsUp(line: Line): boolean {
  const known = counters.get(line) ?? isCounter(line);
  counters.set(line, known);
  return known;
}

export function smoothLine(line: Line, original: Float64Array, options: LineOptions): Float64Array {
  if (countsUp(line)) return original;
  return smooth(options.smoothing.kind, options.smoothing.amount, {
    x: line.x,
    mean: original,
    count: line.finite,
    xRange: options.xRange,
    spacing: line.spacing,
  });
}

function xRange(lines: Line[], { x }: LineOptions): [number, number] {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    if (line.x.length === 0) continue;
    const first = x.log ? line.x.find((value) => value > 0) : line.x[0];
    if (first !== undefined && first < lo) lo = first;
    hi = Math.max(hi, line.x[line.x.length - 1]);
  }
  lo = x.window.min ?? lo;
  hi = x.window.max ?? hi;
  if (x.log && !(lo > 0)) lo = hi > 0 ? hi / 1000 : 1;
  if (!(hi >= lo) || !Number.isFinite(lo)) return x.log ? [1, 10] : [0, 1];
  if (hi > lo) return [fromZero(lo, hi, x), hi];
  return x.log ? [lo / 2, lo * 2] : [lo - 1, lo + 1];
}

/** An axis of steps or durations that begins just after 0 begins at 0. */
function fromZero(lo: number, hi: number, { kind, log, window }: LineOptions['x']): number {
  const counts = kind === 'step' || isDuration(kind);
  return counts && !log && window.min === null && lo > 0 && lo < 0.02 * hi ? 0 : lo;
}

function notesOf(model: Omit<LineModel, 'notes'>, options: LineOptions, range: YRange): Note[] {
  const notes: Note[] = [];
  const hidden = hiddenByLog(model, options);
  if (hidden > 0) {
    const what = `${counted(hidden, 'value')} ≤ 0`;
    notes.push({ text: `${what} hidden by the log axis`, tone: 'plain' });
  }
  notes.push(...outsideNotes(range, model.lines.length));
  const broken = nonFiniteNote(model, options);
  if (broken) notes.push(broken);
  notes.push(...alikeNotes(model));
  notes.push(...repeatNotes(model, options), ...partialNotes(model, options));
  const points = pointsNote(model);
  if (points) notes.push(points);
  return notes;
}

function hiddenByLog({ lines, x }: Omit<LineModel, 'notes'>, options: LineOptions): number {
  let hidden = 0;
  for (const { line, original } of lines) {
    for (let i = 0; i < original.length; i++) {
      const byX = options.x.log && line.x[i] <= 0;
      const seen = line.x[i] >= x[0] && line.x[i] <= x[1];
      const byY = options.y.log && seen && original[i] <= 0;
      if (byX || byY) hidden += line.finite[i];
    }
  }
  return hidden;
}

function nonFiniteNote({ lines, x }: Omit<LineModel, 'notes'>, options: LineOptions): Note | null {
  let total = 0;
  let first = Number.POSITIVE_INFINITY;
  for (const { line } of lines) {
    const [from, to] = inside(line, x);
    for (let i = from; i < to; i++) {
      const count = nonFiniteAt(line, i);
      if (count > 0 && line.xBad[i] < first) first = line.xBad[i];
      total += count;
    }
  }
  if (total === 0) return null;
  const { kind, name } = options.x;
  const text = `${formatCount(total)} non-finite`;
  if (first === Number.POSITIVE_INFINITY) return { text, tone: 'bad' };
  const where = uncapital(momentName(kind, { x: first }, name));
  return { text: `${text}, first at ${where}`, tone: 'bad' };
}

/** Whose points lie outside of the range, and that few lines set it alone. */
function outsideNotes({ outside, setBy }: YRange, lines: number): Note[] {
  if (setBy.length > 0) {
    const text = `Y range set by ${namesOf(setBy)}`;
    return [{ text, tone: 'plain', offers: 'outliers' }];
  }
  const total = outside.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return [];
  const whose = lines > 1 ? ` (${namesOf(outside.map(({ label }) => label))})` : '';
  return [{ text: `${counted(total, 'bucket')} outside the range${whose}`, tone: 'plain' }];
}

const namesOf = (labels: string[]): string =>
  labels.slice(0, MOST_NAMED).join(', ') +
  (labels.length > MOST_NAMED ? ` and ${labels.length - MOST_NAMED} more` : '');

/** Lines that neither colour nor dash tells apart. */
function alikeNotes({ lines }: Omit<LineModel, 'notes'>): Note[] {
  const looks = new Map<string, number>();
  for (const { line } of lines) {
    const look = `${line.color} ${line.dash.join(' ')}`;
    looks.set(look, (looks.get(look) ?? 0) + 1);
  }
  const alike = [...looks.values()].filter((count) => count > 1).reduce((sum, n) => sum + n, 0);
  if (alike === 0) return [];
  return [{ text: `${alike} lines look alike: point at one to see its name`, tone: 'plain' }];
}

/** Steps that a resumed run logged again, and those at which several processes logged. */
function repeatNotes({ lines, x }: Omit<LineModel, 'notes'>, { x: axis }: LineOptions): Note[] {
  const again = lines.reduce((sum, { line }) => sum + (line.again ?? 0), 0);
  const shared =
    axis.kind === 'step' ? lines.reduce((sum, item) => sum + sharedSteps(item, x), 0) : 0;
  const notes: Note[] = [];
  if (again > 0) notes.push({ text: `${counted(again, 'step')} logged twice`, tone: 'plain' });
  if (shared > 0) {
    const text = `several values at ${counted(shared, 'step')}: their mean and band`;
    notes.push({ text, tone: 'plain' });
  }
  return notes;
}

function sharedSteps({ line }: DrawnLine, x: [number, number]): number {
  if (line.group) return 0;
  const [from, to] = inside(line, x);
  let shared = 0;
  for (let i = from; i < to; i++) {
    if (line.count[i] > 1 && line.xFirst[i] === line.xLast[i]) shared++;
  }
  return shared;
}

/** Runs of groups whose values end before the others', or begin after them. */
function partialNotes({ lines }: Omit<LineModel, 'notes'>, { x }: LineOptions): Note[] {
  const partial = lines.flatMap(({ line }) => line.group?.partial ?? []);
  const words = partial.map(({ label, what, x: at }) => {
    const where = uncapital(momentName(x.kind, { x: at }, x.name));
    return `${label} ${what} at ${where}`;
  });
  return words.length > 0 ? [{ text: namesOf(words), tone: 'plain' }] : [];
}

/** Of the line with the most points: how many buckets stand for how many points. */
function pointsNote({ lines, x }: Omit<LineModel, 'notes'>): Note | null {
  let most = { buckets: 0, points: 0 };
  for (const { line } of lines) {
    if (line.spread) continue; // what a group stands for is said by its panel
    const [from, to] = inside(line, x);
    let points = 0;
    for (let i = from; i < to; i++) points += line.count[i];
    if (points > most.points) most = { buckets: to - from, points };
  }
  if (most.points === 0) return null;
  if (most.points > most.buckets) {
    const text = `${formatShort(most.points)} points in ${formatCount(most.buckets)} buckets · min/max exact`;
    return { text, tone: 'plain' };
  }
  const all = most.points === 1 ? '1 point' : `all ${formatCount(most.points)} points`;
  return { text: all, tone: 'plain', quiet: true };
}
