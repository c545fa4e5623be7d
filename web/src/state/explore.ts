/** Explore: one panel on the full screen, drawn by Plotly in a document of its own. */

import { signal } from '@preact/signals';
import { getHealth } from '../api/client';
import type { HistogramEvents, Line, Smoothing, StepOverlay } from '../model/types';
import { attempt } from './toasts';

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
/** Path of plotly.js, known once Explore was near. */
export const plotlyPath = signal<string | null>(null);
let asked = false;
let exploredPanel: string | null = null;

/** Loads the frame and plotly.js in the background: called when the pointer nears the button, and
 * again at the next one if the server did not answer. */
export async function prefetchExplore(): Promise<void> {
  if (asked) return;
  asked = true;
  asked = await attempt('Explore is not available', async () => {
    const { plotly_version: version } = await getHealth();
    plotlyPath.value = `/vendor/plotly-${version}.min.js`;
  });
}

/** `panel` names the panel that goes on telling what it shows, see `keepExplored`. */
export function explore(what: Explored, panel: string | null = null): void {
  void prefetchExplore();
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
