/** Charts of `wandb.plot` as figures of Plotly, from the panel's own numbers. */

import { buildMatrices, cellForms } from '../charts/others/matrixModel';
import { colorOf } from '../charts/theme';
import type { PlotSpec } from '../math/plotSpecs';
import { isRoc, plotKind } from '../math/plots';
import type { Explored } from '../state/explore';
import {
  axisTitles,
  barsOfRuns,
  linesOf,
  matricesOf,
  overlaysOf,
  type PlotTable,
  pointsOf,
} from '../state/media/plots';
import { plotlyDash } from './figure';

const MARGIN = { l: 64, r: 24, t: 32, b: 56 };
const GAP_SHARE = 0.02;
const NAMES_SHARE = 0.25;
const RAMP = [0, 1, 2, 3, 4].map((i) => `--ramp${i}`);

export function exploredPlot(spec: PlotSpec, tables: PlotTable[], shares: boolean): Explored {
  const title = spec.strings.title ?? spec.key;
  const kind = plotKind(spec);
  if (kind === 'histogram') return { kind, title, overlays: overlaysOf(tables).data };
  if (kind === 'matrix') return { kind: 'figure', title, ...matrixFigure(tables, shares) };
  const { x, y } = axisTitles(spec, tables);
  const axes = { xaxis: { title: { text: x } }, yaxis: { title: { text: y } } };
  if (kind === 'bars') {
    const yaxis = { ...axes.yaxis, type: 'category', autorange: 'reversed', automargin: true };
    const layout = { ...axes, margin: MARGIN, yaxis, barmode: 'group' };
    return { kind: 'figure', title, data: barTraces(tables), layout };
  }
  const data = kind === 'line' ? lineTraces(tables) : pointTraces(tables);
  if (kind === 'line' && isRoc(tables[0].columns)) data.push(chanceTrace());
  return { kind: 'figure', title, data, layout: { ...axes, margin: MARGIN, showlegend: true } };
}

function lineTraces(tables: PlotTable[]): object[] {
  return linesOf(tables).data.map(({ label, color, dash, x, mean }) => ({
    type: 'scatter',
    mode: 'lines',
    name: label,
    x: Array.from(x),
    y: Array.from(mean),
    line: {
      color: colorOf(color),
      width: 1.75,
      dash: plotlyDash(dash),
    },
  }));
}

function chanceTrace(): object {
  const line = { color: colorOf('--ink3'), width: 1, dash: 'dash' };
  return { type: 'scatter', mode: 'lines', name: 'chance', x: [0, 1], y: [0, 1], line };
}

function pointTraces(tables: PlotTable[]): object[] {
  return tables.map((table) => {
    const points = pointsOf([table]);
    return {
      type: 'scatter',
      mode: 'markers',
      name: table.run.name,
      x: points.map(({ x }) => x),
      y: points.map(({ y }) => y),
      marker: { color: colorOf(points[0]?.color ?? '--ink2'), size: 6, opacity: 0.7 },
    };
  });
}

function barTraces(tables: PlotTable[]): object[] {
  return tables.map((table) => {
    const bars = barsOfRuns([table]);
    return {
      type: 'bar',
      orientation: 'h',
      name: table.run.name,
      x: bars.map(({ value }) => value),
      y: bars.map(({ label }) => label),
      marker: { color: colorOf(bars[0]?.color ?? '--ink2') },
    };
  });
}

/** The matrices side by side, each on axes of its own. */
function matrixFigure(tables: PlotTable[], shares: boolean) {
  const [actual, predicted] = tables[0].columns.names;
  const titles = { actual, predicted };
  const { matrices, most } = buildMatrices(matricesOf(tables), { shares, titles });
  const width = 1 / matrices.length;
  const scale = RAMP.map((token, i) => [i / (RAMP.length - 1), colorOf(token)]);
  const data = matrices.map(({ matrix, shown, label }, i) => {
    const wide = matrix.predicted.length;
    const rows = matrix.actual.map((_, row) => shown.subarray(row * wide, (row + 1) * wide));
    return {
      type: 'heatmap',
      name: label,
      x: matrix.predicted,
      y: matrix.actual,
      z: rows.map((row) => Array.from(row)),
      text: rows.map((row) => Array.from(row, cellForms(shares)[0])),
      texttemplate: '%{text}',
      hovertemplate: `${actual} %{y}<br>${predicted} %{x}<br>%{text}<extra>%{fullData.name}</extra>`,
      ...{ colorscale: scale, zmin: 0, zmax: most, xgap: 1, ygap: 1, showscale: i === 0 },
      ...{ xaxis: `x${i === 0 ? '' : i + 1}`, yaxis: `y${i === 0 ? '' : i + 1}` },
    };
  });
  const axes = matrices.flatMap(({ label, matrix }, i) => {
    const number = i === 0 ? '' : i + 1;
    const named = i === 0 || matrix.actual.join('\n') !== matrices[0].matrix.actual.join('\n');
    const domain = [
      i * width + (named && i > 0 ? NAMES_SHARE * width : 0),
      (i + 1) * width - GAP_SHARE,
    ];
    const category = { type: 'category', automargin: true };
    const text = matrices.length > 1 ? `${predicted} · ${label}` : predicted;
    return [
      [`xaxis${number}`, { ...category, domain, title: { text } }],
      [
        `yaxis${number}`,
        {
          ...category,
          autorange: 'reversed',
          anchor: `x${number}`,
          showticklabels: named,
          ...(i === 0 && { title: { text: actual } }),
        },
      ],
    ];
  });
  return { data, layout: { ...Object.fromEntries(axes), margin: MARGIN } };
}
