/** Logged tables of several runs as what the charts of `wandb.plot` draw. */

import { constantColumn } from '../../api/columns';
import type { Run } from '../../api/types';
import type { RunMatrix } from '../../charts/others/matrixModel';
import type { ScatterPoint } from '../../charts/others/scatterPanel';
import { runColor } from '../../math/color';
import { type PlotSpec, plotSpecs } from '../../math/plotSpecs';
import {
  areaUnder,
  barsOf,
  binEdges,
  binned,
  type Curve,
  curvesOf,
  matrixOf,
  type PlotColumns,
  pairsOf,
  plotColumns,
  plotKind,
  valuesOf,
} from '../../math/plots';
import type { AxisTitles, Bar, Line, StepOverlay } from '../../model/types';
import type { RunTable } from '../runs/download';
import { colorOf } from '../runs/visibility';

export interface PlotTable extends RunTable {
  columns: PlotColumns;
}

/** What a chart draws, and how many rows of its tables it can't. */
export interface Drawn<T> {
  data: T[];
  left: number;
}

export const specOf = (run: Run, tableKey: string): PlotSpec | undefined =>
  plotSpecs(run.config).find((spec) => spec.tableKey === tableKey);

/** With the columns that each run's own specification names. */
export function plotTables(tables: RunTable[], runs: Run[], spec: PlotSpec): PlotTable[] {
  return tables.flatMap((one) => {
    const run = runs.find(({ uid }) => uid === one.run.uid);
    const own = run && specOf(run, spec.tableKey);
    if (!run || own?.name !== spec.name) return [];
    return [{ ...one, run, columns: plotColumns(own, one.table) }];
  });
}

/** What was logged as titles of the axes, else the names of the columns. */
export function axisTitles(spec: PlotSpec, tables: PlotTable[]): AxisTitles {
  const [first, second] = tables[0].columns.names;
  const { strings } = spec;
  const kind = plotKind(spec);
  if (kind === 'bars') return { x: second, y: first };
  if (kind === 'histogram') return { x: first, y: tables.length > 1 ? 'density' : 'count' };
  // a series of lines has values of several things
  const y = spec.name.startsWith('wandb/lineseries') ? '' : second;
  return {
    x: strings['x-axis-title'] ?? strings.xname ?? first,
    y: strings['y-axis-title'] ?? y,
  };
}

const DASHES = [[], [6, 4], [2, 3], [8, 3, 2, 3]];

/** One run: a colour for each line. Several: the runs' colours, a dash for each line. */
function look(run: Run, several: boolean, at: number, lines: number) {
  if (several || lines === 1) return { color: colorOf(run), dash: DASHES[at % DASHES.length] };
  return { color: runColor(at), dash: [] };
}

export interface PlotLine extends Line {
  /** Uid of the run. */
  of: number;
  /** Value of the column that tells lines apart. */
  name: string;
  area: number;
}

export function linesOf(tables: PlotTable[]): Drawn<PlotLine> {
  const read = tables.map(({ run, table, columns }) => ({ run, ...curvesOf(table, columns.at) }));
  const names = [...new Set(read.flatMap(({ curves }) => curves.map(({ name }) => name)))];
  const data = read.flatMap(({ run, curves }) =>
    curves.map((curve) => {
      const style = look(run, tables.length > 1, names.indexOf(curve.name), names.length);
      return { ...lineOf(curve), ...style, ...named(run, curve.name, tables.length > 1) };
    }),
  );
  return { data, left: sumOf(read.map(({ left }) => left)) };
}

function named(run: Run, name: string, several: boolean) {
  const of = run.uid;
  if (!name) return { id: String(of), of, name, label: run.name };
  return { id: `${of} ${name}`, of, name, label: several ? `${run.name} · ${name}` : name };
}

/** A point for each row: nothing is put into buckets. */
function lineOf(curve: Curve): Omit<PlotLine, 'id' | 'of' | 'name' | 'label' | 'color' | 'dash'> {
  const { x, y } = curve;
  const [ones, none] = [new Float64Array(x.length).fill(1), new Float64Array(x.length)];
  const spacing = x.length > 1 ? (x[x.length - 1] - x[0]) / (x.length - 1) : 0;
  return {
    ...{ x, xFirst: x, xLast: x, xMin: x, xMax: x, xBad: constantColumn(Number.NaN, x.length) },
    ...{ mean: y, min: y, max: y, first: y, last: y },
    ...{ count: ones, finite: ones, nan: none, posInf: none, negInf: none },
    points: x.length,
    spacing,
    area: areaUnder(curve),
  };
}

export function pointsOf(tables: PlotTable[]): ScatterPoint[] {
  return tables.flatMap(({ run, table, columns }) => {
    const style = { id: String(run.uid), label: run.name, color: colorOf(run) };
    return pairsOf(table, columns.at).map((pair) => ({ ...style, ...pair }));
  });
}

/** By label, so that the bars of several runs stand together. */
export function barsOfRuns(tables: PlotTable[]): Bar[] {
  const several = tables.length > 1;
  const bars = tables.flatMap(({ run, table, columns }) =>
    barsOf(table, columns.at).map((bar) => ({
      ...bar,
      id: several ? String(run.uid) : `${run.uid} ${bar.label}`,
      color: colorOf(run),
      of: run.name,
    })),
  );
  if (!several) return bars;
  const places = new Map<string, number>();
  for (const { label } of bars) if (!places.has(label)) places.set(label, places.size);
  return bars.sort((a, b) => places.get(a.label)! - places.get(b.label)!);
}

/** Histograms of all runs over the same bins. */
export function overlaysOf(tables: PlotTable[]): Drawn<StepOverlay> {
  const read = tables.map(({ table, columns }) => valuesOf(table, columns.at));
  const edges = binEdges(read.map(({ values }) => values));
  const data = tables.map(({ run, step }, i) => ({
    id: String(run.uid),
    label: run.name,
    color: colorOf(run),
    reference: false,
    histogram: binned(read[i].values, edges, step),
  }));
  return { data, left: sumOf(read.map(({ left }) => left)) };
}

export function matricesOf(tables: PlotTable[]): RunMatrix[] {
  return tables.map(({ run, table, columns }) => ({
    id: String(run.uid),
    label: run.name,
    color: colorOf(run),
    matrix: matrixOf(table, columns.at),
  }));
}

const sumOf = (values: number[]): number => values.reduce((total, value) => total + value, 0);
