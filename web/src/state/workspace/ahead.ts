/** What the first panels of a sheet will need, asked for before they are made: the server works meanwhile. */

import type { Run } from '../../api/types';
import { xAxisOf } from '../lines/cascade';
import { specOf, xOf } from '../lines/lines';
import { ownersOf } from '../lines/metricLines';
import { panelId } from '../panelIds';
import { inOrder } from '../view/layout';
import { isOpen, type Section } from '../view/sections';
import type { Workspace } from './workspace';

const PANELS = 12;
const SERIES = 200;

export function askAhead(workspace: Workspace, runs: Run[], sections: Section[]): void {
  const [first] = sections.filter(isOpen);
  if (first?.kind !== 'scalars') return;
  const keys = inOrder(first.name, first.keys, panelId).slice(0, PANELS);
  const specs = keys.flatMap((key) => {
    const x = xOf(workspace, key, xAxisOf(panelId(key)));
    return ownersOf([key], runs).map((run) => specOf(key, run, x, null));
  });
  workspace.series.ask(specs.slice(0, SERIES));
}
