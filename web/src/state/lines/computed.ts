/** Lines that a panel computes from logged metrics: `${train/loss} / ${val/loss}` of each run. */

import type { Catalogue, Key, Run } from '../../api/types';
import { computeSeries } from '../../math/computed';
import { type Expression, parseExpression, SyntaxFault } from '../../math/expression';
import { formatCount } from '../../math/numbers';
import type { Json } from '../../model/json';
import type { Note } from '../../model/types';
import { runValue } from '../runs/visibility';
import type { PanelSettings, Span } from '../view/view';
import { specOf, windowFor } from './lines';
import type { Series, SeriesSpec } from './series';

export interface Formula {
  text: string;
  expression: Expression;
  /** For each of its names the metric, or null for a value of config or summary. */
  keys: (Key | null)[];
}

/** A formula as it is read: metrics by their names alone. */
export const formulaName = (text: string): string => text.trim().replace(/\$\{([^}]*)\}/g, '$1');

export const formulaTexts = ({ expr = '' }: PanelSettings): string[] =>
  expr.split('\n').filter((text) => text.trim() !== '');

/** Throws a SyntaxFault for what can't be computed from these metrics. */
export function readFormula(text: string, catalogue: Catalogue, kind: Key['kind']): Formula {
  const expression = parseExpression(text);
  const metrics = catalogue.keys.filter((key) => key.kind === kind);
  const keys = expression.names.map(({ name, at, length }) => {
    const found = metrics.find(({ key }) => key === name);
    if (found || isSetting(name)) return found ?? null;
    const like = metrics.find(({ key }) => key.toLowerCase().includes(name.toLowerCase()));
    const hint = like ? `; there is ${like.key}` : '';
    throw new SyntaxFault(`no run has logged ${name}${hint}`, at, length);
  });
  if (keys.every((key) => key === null)) {
    throw new SyntaxFault('there is no metric in it', 0, Math.max(1, text.length));
  }
  return { text, expression, keys };
}

/** The formulas of a panel, and what is wrong with those that can't be read. */
export function readFormulas(settings: PanelSettings, catalogue: Catalogue, kind: Key['kind']) {
  const formulas: Formula[] = [];
  const faults: Note[] = [];
  for (const text of formulaTexts(settings)) {
    try {
      formulas.push(readFormula(text, catalogue, kind));
    } catch (fault) {
      if (!(fault instanceof SyntaxFault)) throw fault;
      faults.push({ text: `${formulaName(text)}: ${fault.message}`, tone: 'warn' });
    }
  }
  return { formulas, faults };
}

const isSetting = (name: string): boolean => /^(config|summary):./.test(name);

function settingOf(run: Run, name: string): number {
  const value: Json | undefined = runValue(run, name.replace(':', '.'));
  return typeof value === 'number' ? value : Number.NaN;
}

/** Whether a run has all that is needed. */
function has(run: Run, { expression, keys }: Formula): boolean {
  return keys.every((key, i) =>
    key ? key.runs.includes(run.uid) : !Number.isNaN(settingOf(run, expression.names[i].name)),
  );
}

export interface Part {
  formula: Formula;
  run: Run;
  specs: SeriesSpec[];
}

/** What has to be fetched for the whole lines. */
export function wholeParts(formulas: Formula[], runs: Run[], x: string): Part[] {
  return formulas.flatMap((formula) =>
    runs
      .filter((run) => has(run, formula))
      .map((run) => ({
        formula,
        run,
        specs: formula.keys.flatMap((key) => (key ? specOf(key, run, x, null) : [])),
      })),
  );
}

export interface ComputedSeries {
  part: Part;
  series: Series;
  ofMeans: boolean;
  unmatched: number;
}

/** What has to be fetched to see the inside of a window. */
export function windowParts(whole: ComputedSeries[], span: Span | null): Part[] {
  if (!span) return [];
  return whole.flatMap(({ part, series }) => {
    const window = windowFor(series, span);
    return window ? [{ ...part, specs: part.specs.map((spec) => ({ ...spec, window })) }] : [];
  });
}

const sameSpec = (a: SeriesSpec, b: SeriesSpec): boolean =>
  a.run === b.run && a.key === b.key && a.x === b.x && String(a.window) === String(b.window);

/** The computed series of the parts of which everything is there. */
export function compute(parts: Part[], fetched: Series[]): ComputedSeries[] {
  return parts.flatMap((part) => {
    const operands = part.specs.flatMap(
      (spec) => fetched.find((series) => sameSpec(series.spec, spec)) ?? [],
    );
    return operands.length === part.specs.length ? [computed(part, operands)] : [];
  });
}

function computed(part: Part, operands: Series[]): ComputedSeries {
  const { expression, keys, text } = part.formula;
  const values = expression.names.map(({ name }) => settingOf(part.run, name));
  const metrics = keys.flatMap((key, i) => (key ? i : []));
  const { grid, columns, ofMeans, unmatched } = computeSeries(
    operands.map((series) => ({ grid: series.grid, columns: series.answer.columns })),
    (here) => {
      metrics.forEach((index, i) => {
        values[index] = here[i];
      });
      return expression.evaluate(values);
    },
  );
  const { x_first: first, x_last: last, count } = columns;
  const n = count.reduce((sum, points) => sum + points, 0);
  const answer = {
    ...operands[0].answer,
    key: text,
    n,
    in_window: n,
    exact_points: !ofMeans,
    x_extent: n > 0 ? ([first[0], last[last.length - 1]] as Span) : null,
    columns,
  };
  return { part, series: { spec: part.specs[0], grid, answer }, ofMeans, unmatched };
}

/** What the header says of a formula: what its values are made of, and what is left out. */
export function formulaNotes(
  formula: Formula,
  runs: Run[],
  whole: ComputedSeries[],
  seen: ComputedSeries[],
): Note[] {
  const own = whole.filter(({ part }) => part.formula === formula);
  const lacking = runs.filter((run) => !has(run, formula)).length;
  const notes: Note[] = [];
  if (seen.some(({ part, ofMeans }) => part.formula === formula && ofMeans)) {
    notes.push({ text: 'of means of buckets', tone: 'plain' });
  }
  if (lacking > 0) {
    const who = lacking === 1 ? '1 run lacks' : `${lacking} runs lack`;
    notes.push({ text: `${who} a value for it`, tone: 'warn' });
  }
  const name = formulaName(formula.text);
  return [...notes, ...matchNotes(own)].map((note) => ({ ...note, text: `${name}: ${note.text}` }));
}

/** Worth a warning only where nothing could be computed. */
function matchNotes(own: ComputedSeries[]): Note[] {
  const unmatched = own.reduce((sum, one) => sum + one.unmatched, 0);
  if (unmatched === 0) return [];
  const there = own.reduce((sum, { series }) => sum + series.answer.columns.count.length, 0);
  if (there === 0) return [{ text: 'its metrics never share x', tone: 'warn' }];
  const text = `at ${formatCount(there)} of ${formatCount(there + unmatched)} x, where all its metrics have a value`;
  return [{ text, tone: 'plain', quiet: true }];
}
