/** Exports what a page shows as one interactive HTML file. */

import { getBytes, getHealth } from '../api/client';
import { tokens } from '../components/Explore';
import { saveBlob } from '../state/download';
import { theme } from '../state/theme';
import { currentLink } from '../state/view';
import type { Scope } from '../state/workspace';
import { collect } from './collect';
import { htmlDocument } from './document';

export async function exportView(scope: Scope): Promise<void> {
  const { project } = scope.workspace.store;
  const runs = scope.runs.value;
  const title = scope.single && runs[0] ? `${runs[0].name} · ${project}` : project;
  const { plotly_version: version } = await getHealth();
  const plotly = await (await getBytes(`/vendor/plotly-${version}.min.js`)).text();
  const view = {
    title,
    origin: `Exported from ${currentLink()} on ${new Date().toLocaleString()}`,
    runs,
    collected: await collect(scope),
    tokens: tokens(),
    dark: theme.value === 'dark',
  };
  const name = scope.single && runs[0] ? `${project}-${runs[0].run_id}` : project;
  saveBlob(`${name.replaceAll('/', '_')}.html`, htmlDocument(view, plotly));
}
