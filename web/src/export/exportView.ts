/** Exports what a page or a panel shows as one interactive HTML file. */

import plotlyFile from 'plotly.js-strict-dist-min/plotly-strict.min.js?url';
import { getBytes } from '../api/client';
import { tokens } from '../charts/theme';
import { formatMoment } from '../math/numbers';
import type { Explored } from '../state/explore';
import { saveBlob } from '../state/runs/download';
import { theme } from '../state/theme';
import { currentLink } from '../state/view/view';
import type { Scope } from '../state/workspace/workspace';
import { collect } from './collect';
import { htmlDocument } from './document';
import type { Collected } from './types';

export async function exportView(scope: Scope): Promise<void> {
  const { project } = scope.workspace.store;
  const [run] = scope.single ? scope.runs.value : [];
  const title = run ? `${run.name} · ${project}` : project;
  await saveFile(scope, title, run ? `${project}-${run.run_id}` : project, await collect(scope));
}

/** One panel alone, as Explore draws it. */
export async function exportPanel(scope: Scope, panel: Explored): Promise<void> {
  const { project } = scope.workspace.store;
  const collected = { parts: [{ name: project, panels: [panel] }], left: [] };
  await saveFile(scope, panel.title, panel.title, collected);
}

async function saveFile(scope: Scope, title: string, name: string, collected: Collected) {
  const plotly = await (await getBytes(plotlyFile)).text();
  const view = {
    title,
    origin: `Exported on ${formatMoment(Date.now() * 1000)} from ${currentLink()}`,
    runs: scope.runs.value,
    collected,
    tokens: tokens(),
    dark: theme.value === 'dark',
  };
  saveBlob(`${name.replaceAll('/', '_')}.html`, htmlDocument(view, plotly));
}
