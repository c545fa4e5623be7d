/** Series as the lines of a panel: colours, and a zoomed part spliced into the whole. */

import type { Key, Run } from '../../api/types';
import { lineFromAnswer } from '../../math/buckets';
import { keyTitle } from '../../math/keyTitle';
import { systemMetric } from '../../math/systemMetrics';
import type { Line, Window, XKind } from '../../model/types';
import { type ProjectStore, stepMetricOf } from '../project';
import { colorOf, dashOf } from '../runs/visibility';
import type { Span, XAxis } from '../view/view';
import type { Series, SeriesSpec } from './series';

export const BUCKETS = 1000;

/** The x of a key: the user's choice, else what define_metric says; machine metrics by time. */
export function xOf({ store }: { store: ProjectStore }, key: Key, chosen: XAxis): string {
  if (key.kind === 'system') return chosen === 'time' || chosen === 'process' ? chosen : 'runtime';
  if (chosen !== 'auto') return chosen;
  const metric = stepMetricOf(store.catalogue.value, key);
  return metric ? `metric:${metric}` : 'step';
}

const X_NAMES: Record<string, string> = {
  step: 'Step',
  runtime: 'Relative time (wall)',
  process: 'Relative time (process)',
  time: 'Wall time',
};

export const xName = (x: string): string => X_NAMES[x] ?? keyTitle(xKind(x).name ?? x);

export function xKind(x: string): { kind: XKind; name?: string } {
  return x.startsWith('metric:') ? { kind: 'metric', name: x.slice(7) } : { kind: x as XKind };
}

export function specOf(key: Key, run: Run, x: string, window: Span | null): SeriesSpec {
  const kind = key.kind === 'system' ? 'system' : 'scalar';
  const reach = key.max_step - key.min_step;
  return { run: run.uid, key: key.key, kind, x, window, buckets: BUCKETS, reach };
}

const isInteger = (x: string): boolean => x === 'step' || x === 'time';

/**
 * The window to fetch for a zoom: its edges are those of the whole line's buckets, so that the
 * buckets before and after, which smoothing needs, fit on without a point twice. Null where the
 * whole line already has every point of it.
 */
export function windowFor({ spec, grid, answer }: Series, [from, to]: Span): Span | null {
  const { bucket, count } = answer.columns;
  const first = Math.floor(from / grid.width);
  const last = Math.floor(to / grid.width);
  const coarse = bucket.some((b, i) => b >= first && b <= last && count[i] > 1);
  if (!coarse) return null;
  const end = (last + 1) * grid.width;
  return [first * grid.width, isInteger(spec.x) ? end - 1 : end - Math.abs(end) * 2 ** -50];
}

function lineOf(series: Series, run: Run): Line {
  const style = {
    id: String(run.uid),
    label: run.name,
    color: colorOf(run),
    dash: dashOf(run),
  };
  const line = lineFromAnswer(series.answer, series.grid, style);
  const { kind, key } = series.spec;
  return kind === 'system' ? scaled(line, systemMetric(key).factor) : line;
}

const VALUES = ['mean', 'min', 'max', 'first', 'last'] as const;

/** In the unit that the panel's title names. */
function scaled(line: Line, factor: number): Line {
  if (factor === 1) return line;
  const values = VALUES.map((name) => [name, line[name].map((value) => value * factor)]);
  return { ...line, ...Object.fromEntries(values) };
}

const hasLook = ({ color, dash }: Line, run: Run): boolean =>
  color === colorOf(run) && String(dash) === String(dashOf(run));

const known = new WeakMap<Series, { run: Run; line: Line }>();

/** The line of a series; the same object as long as series and run are the same. */
export function wholeLine(series: Series, run: Run): Line {
  const found = known.get(series);
  if (found && found.run.name === run.name && hasLook(found.line, run)) return found.line;
  const line = lineOf(series, run);
  known.set(series, { run, line });
  return line;
}

const COLUMNS = [
  'x',
  'mean',
  'min',
  'max',
  'first',
  'last',
  'count',
  'finite',
  'xFirst',
  'xLast',
  'xMin',
  'xMax',
  'xBad',
  'nan',
  'posInf',
  'negInf',
] as const;

/** The whole line with the part inside the window replaced by the finer one. */
export function splicedLine(whole: Series, part: Series, run: Run): Line {
  const line = wholeLine(whole, run);
  const fine = wholeLine(part, run);
  const [from, to] = part.spec.window!;
  const { bucket } = whole.answer.columns;
  const { width } = whole.grid;
  const before = bucket.findIndex((b) => b * width >= from);
  const head = before < 0 ? bucket.length : before;
  const after = bucket.findIndex((b) => b * width > to);
  const tail = after < 0 ? bucket.length : after;
  const columns = COLUMNS.map((name) => {
    const joined = new Float64Array(head + fine[name].length + bucket.length - tail);
    joined.set(line[name].subarray(0, head));
    joined.set(fine[name], head);
    joined.set(line[name].subarray(tail), head + fine[name].length);
    return [name, joined];
  });
  return { ...line, ...Object.fromEntries(columns), points: fine.points };
}

/** A window with its open ends at those of the data; null where there is nothing to narrow. */
export function spanIn(all: Series[], { min, max }: Window): Span | null {
  if (min === null && max === null) return null;
  const extents = all.flatMap(({ answer }) => answer.x_extent ?? []);
  const [from, to] = [min ?? Math.min(...extents), max ?? Math.max(...extents)];
  return to > from ? [from, to] : null;
}

/** Length of the range of x over all data of a panel, zoomed or not. */
export function rangeOf(all: Series[]): number {
  const extents = all.map(({ answer }) => answer.x_extent).filter((extent) => extent !== null);
  if (extents.length === 0) return 0;
  return Math.max(...extents.map(([, to]) => to)) - Math.min(...extents.map(([from]) => from));
}
