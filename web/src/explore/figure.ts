/** Plotly figures from a panel's arrays, in the dashboard's tokens. */

import { binPieces, evenEdges, HistogramTable } from '../math/histogram';
import { bandwidth, kde } from '../math/kde';
import { spread } from '../math/rebin';
import { smooth } from '../math/smooth';
import type { HistogramEvents, Line, StepOverlay } from '../model/types';
import type { Explored } from '../state/explore';
import { type Figure, loggedFigure } from './logged';

type Tokens = Record<string, string>;
type ExploredLines = Extract<Explored, { kind: 'lines' }>;

export type { Figure };

/** Cells of a heatmap along its value axis. */
export const CELLS = 120;
const CURVE_POINTS = 240;

export function figureOf(what: Explored, tokens: Tokens, dark: boolean): Figure {
  // a zoom outlives new points of the same panel
  const layout = { ...baseLayout(tokens), uirevision: what.title };
  if (what.kind === 'lines') {
    const x = {
      ...axis(tokens),
      title: { text: what.x },
      ...(what.x === 'time' && { type: 'date' }),
    };
    const y = { ...axis(tokens), type: what.log ? 'log' : 'linear' };
    const data = what.lines.flatMap((line) => lineTraces(line, what, tokens));
    return { data, layout: { ...layout, xaxis: x, yaxis: y, hovermode: 'x unified' } };
  }
  if (what.kind === 'figure') return loggedFigure(what, tokens, dark);
  if (what.kind === 'heatmap') return heatFigure(what.events, layout, tokens);
  const data = what.overlays.flatMap((overlay) => stepTraces(overlay, tokens, dark));
  return { data, layout: { ...layout, barmode: 'overlay', bargap: 0 } };
}

function axis(tokens: Tokens): object {
  return { gridcolor: tokens.grid, zerolinecolor: tokens.line2, linecolor: tokens.line2 };
}

function baseLayout(tokens: Tokens): Record<string, unknown> {
  return {
    paper_bgcolor: tokens.bg,
    plot_bgcolor: tokens.bg,
    font: { family: tokens.font, size: 12, color: tokens.ink2 },
    margin: { l: 64, r: 24, t: 24, b: 56 },
    xaxis: axis(tokens),
    yaxis: axis(tokens),
    hoverlabel: { font: { family: tokens.font } },
  };
}

/** Colours come as names of tokens or as CSS colours. */
const resolve = (color: string, tokens: Tokens): string =>
  color.startsWith('--') ? tokens[color.slice(2)] : color;

/** Times are microseconds here and milliseconds in Plotly. */
function xValues(line: Line, x: string): number[] {
  return Array.from(line.x, (value) => (x === 'time' ? value / 1000 : value));
}

export const plotlyDash = (dash: number[]): string =>
  dash.map((length) => `${length}px`).join() || 'solid';

/** Envelope, original and smoothed line, as the panel draws them. */
function lineTraces(line: Line, what: ExploredLines, tokens: Tokens): object[] {
  const { kind, amount, showOriginal } = what.smoothing;
  const color = resolve(line.color, tokens);
  const shared = { x: xValues(line, what.x), type: 'scatter', mode: 'lines', legendgroup: line.id };
  const quiet = { ...shared, showlegend: false, hoverinfo: 'skip' };
  const { x, mean, finite: count, spacing } = line;
  const y = smooth(kind, amount, { x, mean, count, spacing, xRange: what.range });
  const look = { color, width: 1.75, dash: plotlyDash(line.dash) };
  const main = { ...shared, y: Array.from(y), name: line.label, line: look };
  const original = { ...quiet, y: Array.from(mean), line: { color, width: 1 }, opacity: 0.3 };
  return [
    ...envelopeTraces(line, quiet, color),
    ...(kind !== 'none' && showOriginal ? [original] : []),
    main,
  ];
}

function envelopeTraces(line: Line, quiet: object, color: string): object[] {
  if (!line.count.some((count) => count > 1)) return [];
  const edge = { ...quiet, line: { width: 0 } };
  const fill = { fill: 'tonexty', fillcolor: translucent(color, 0.16) };
  return [
    { ...edge, y: Array.from(line.min) },
    { ...edge, y: Array.from(line.max), ...fill },
  ];
}

function translucent(color: string, alpha: number): string {
  const hex = /^#([0-9a-f]{6})$/i.exec(color)?.[1];
  if (!hex) return color.replace('rgb(', 'rgba(').replace(')', `,${alpha})`);
  const value = Number.parseInt(hex, 16);
  return `rgba(${value >> 16},${(value >> 8) & 255},${value & 255},${alpha})`;
}

/** Every event's bins on one value axis, mass preserved, as log10(1 + count). */
function heatFigure(events: HistogramEvents, layout: object, tokens: Tokens): Figure {
  const table = new HistogramTable(events);
  const all = Array.from({ length: table.length }, (_, i) => table.at(i));
  const counted = all.filter(({ n }) => n > 0);
  const lo = Math.min(...counted.map((h) => h.lo));
  const hi = Math.max(...counted.map((h) => h.hi));
  const edges = hi >= lo ? evenEdges(lo, hi > lo ? hi : lo + 1, CELLS) : evenEdges(0, 1, CELLS);
  const columns = all.map((h) => {
    const cells = new Float64Array(CELLS);
    spread(binPieces(h), edges, cells);
    return cells;
  });
  const z = Array.from({ length: CELLS }, (_, row) => columns.map((c) => Math.log10(1 + c[row])));
  const stops = [0, 1, 2, 3, 4].map((i) => [i / 4, tokens[`ramp${i}`]]);
  const heat = {
    type: 'heatmap',
    x: Array.from(events.step),
    y: Array.from({ length: CELLS }, (_, row) => (edges[row] + edges[row + 1]) / 2),
    z: z.map((row) => row.map((value) => (value > 0 ? value : null))),
    colorscale: stops,
    colorbar: { title: { text: 'log₁₀(1 + count)' }, outlinewidth: 0 },
    hovertemplate: 'step %{x}<br>value %{y:.4g}<extra></extra>',
  };
  return {
    data: [heat],
    layout: { ...layout, xaxis: { ...axis(tokens), title: { text: 'step' } } },
  };
}

function stepTraces(
  { histogram, label, color, reference }: StepOverlay,
  tokens: Tokens,
  dark: boolean,
) {
  const edges = histogram.edges ?? evenEdges(histogram.lo, histogram.hi, histogram.counts.length);
  const ink = reference ? tokens.ref : resolve(color, tokens);
  const name = `${label} · step ${histogram.step}`;
  const widths = Array.from(histogram.counts, (_, i) => edges[i + 1] - edges[i]);
  const bars = {
    type: 'bar',
    name,
    x: Array.from(widths, (width, i) => edges[i] + width / 2),
    y: Array.from(histogram.counts, (count, i) =>
      widths[i] > 0 ? count / widths[i] / histogram.n : count,
    ),
    width: widths,
    marker: { color: translucent(ink, dark ? 0.34 : 0.24) },
  };
  const bins = { edges, counts: histogram.counts };
  return [bars, ...curveTrace(bins, name, ink)];
}

function curveTrace(
  bins: { edges: Float64Array; counts: Float64Array },
  name: string,
  color: string,
) {
  const [lo, hi] = [bins.edges[0], bins.edges[bins.edges.length - 1]];
  if (!(hi > lo)) return [];
  const at = Float64Array.from(
    { length: CURVE_POINTS },
    (_, i) => lo + ((hi - lo) * i) / (CURVE_POINTS - 1),
  );
  const y = Array.from(kde(bins, bandwidth(bins, 1), at));
  return [
    { type: 'scatter', mode: 'lines', name: `${name}, KDE`, x: Array.from(at), y, line: { color } },
  ];
}
