/** Explore: one panel on the full screen, drawn by Plotly in a document of its own. */

import { signal } from '@preact/signals';
import plotlyFile from 'plotly.js-strict-dist-min/plotly-strict.min.js?url';
import type { HistogramEvents, Line, Smoothing, StepOverlay } from '../model/types';

/** What Explore draws: the panel's own arrays, nothing fetched anew. */
export type Explored =
  | {
      kind: 'lines';
      title: string;
      x: string;
      lines: Line[];
      log: boolean;
      smoothing: Smoothing;
      range: number;
    }
  | { kind: 'heatmap'; title: string; events: HistogramEvents }
  | { kind: 'histogram'; title: string; overlays: StepOverlay[] }
  /** A figure that was logged, or made of logged points. */
  | { kind: 'figure'; title: string; data: object[]; layout: object };

/** What is open; the frame is kept in the background once it has been prepared. */
export const explored = signal<Explored | null>(null);
/** Address of plotly.js, once Explore was near. Plotly's build without eval: the page's policy
 * forbids it, and the usual build then draws nothing that needs WebGL. */
export const plotlyPath = signal<string | null>(null);
let exploredPanel: string | null = null;

/** Loads the frame and plotly.js in the background: called when the pointer nears the button. */
export function prefetchExplore(): void {
  plotlyPath.value = plotlyFile;
}

/** `panel` names the panel that goes on telling what it shows, see `keepExplored`. */
export function explore(what: Explored, panel: string | null = null): void {
  prefetchExplore();
  exploredPanel = panel;
  explored.value = what;
}

/** What is open follows its panel: a run that goes on, data that came after the click. */
export function keepExplored(panel: string, what: () => Explored): void {
  if (explored.peek() && exploredPanel === panel) explored.value = what();
}

export function closeExplore(): void {
  explored.value = null;
}
