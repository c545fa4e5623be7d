/** Added panels of values that runs have once, and of text, in an exported view. */

import { type ComponentChild, h, render } from 'preact';
import type { Run } from '../api/types';
import { colorOf } from '../charts/theme';
import { Markdown } from '../components/text/Markdown';
import { OwnScalar } from '../components/text/OwnScalar';
import { RunComparer } from '../components/text/RunComparer';
import { wideRange } from '../math/parallel';
import { barsOf, pointsOf } from '../state/added/addedChart';
import type { OwnPanel } from '../state/added/addedPanels';
import { columnName } from '../state/runs/runColumns';
import { type Scope, ScopeProvider } from '../state/workspace/workspace';
import type { ExportedPanel, ExportedText, Slot } from './types';

const MARGIN = { l: 64, r: 24, t: 16, b: 48 };

export function addValues(scope: Scope, slots: Slot[]): void {
  for (const { own, title, runs, panels } of slots) {
    const panel = own && exported(scope, own, title, runs);
    if (panel) panels.push(panel);
  }
}

/** Null for the kinds that a file has not. */
function exported(scope: Scope, own: OwnPanel, title: string, runs: Run[]): ExportedPanel | null {
  const scoped = (child: ComponentChild) => h(ScopeProvider, { value: scope, children: child });
  switch (own.kind) {
    case 'bars':
      return { kind: 'figure', title, ...barFigure(runs, own.keys[0]) };
    case 'scatter':
      return { kind: 'figure', title, ...pointFigure(runs, own.keys) };
    case 'scalar':
      return text(title, scoped(h(OwnScalar, { panel: own })));
    case 'comparer':
      return text(title, scoped(h(RunComparer, { still: true })));
    case 'markdown':
      return text(title, h(Markdown, { text: own.text ?? '' }));
    default:
      return null;
  }
}

/** Links lead to where they lead from here. */
function text(title: string, child: ComponentChild): ExportedText {
  const place = document.createElement('div');
  render(child, place);
  for (const link of place.querySelectorAll('a')) link.setAttribute('href', link.href);
  const html = place.innerHTML;
  render(null, place);
  return { kind: 'text', title, html };
}

function barFigure(runs: Run[], by: string) {
  const bars = barsOf(runs, by);
  const bar = {
    type: 'bar',
    orientation: 'h',
    x: bars.map(({ value }) => value),
    y: apart(bars.map(({ label }) => label)),
    marker: { color: bars.map(({ color }) => colorOf(color)) },
    hovertemplate: '%{y}: %{x}<extra></extra>',
  };
  const yaxis = { type: 'category', autorange: 'reversed', automargin: true };
  const xaxis = { title: { text: columnName(by) } };
  return { data: [bar], layout: { margin: MARGIN, xaxis, yaxis } };
}

/** Runs of one name have a bar each. */
const apart = (names: string[]): string[] =>
  names.map((name, i) => (names.indexOf(name) < i ? `${name} (${i + 1})` : name));

function pointFigure(runs: Run[], [xBy, yBy]: string[]) {
  const points = pointsOf(runs, xBy, yBy);
  const [x, y] = [points.map((point) => point.x), points.map((point) => point.y)];
  const trace = {
    type: 'scatter',
    mode: 'markers',
    ...{ x, y },
    text: points.map(({ label }) => label),
    marker: { color: points.map(({ color }) => colorOf(color)), size: 8 },
  };
  const xaxis = { title: { text: columnName(xBy) }, type: wideRange(x) ? 'log' : 'linear' };
  const yaxis = { title: { text: columnName(yBy) } };
  return { data: [trace], layout: { margin: MARGIN, xaxis, yaxis } };
}
