/** The panels of a view with all their numbers, as an exported file holds them. */

import { fieldTitle, keyTitle } from '../math/keyTitle';
import {
  choicesFor,
  chosenRuns,
  fieldsOf,
  missingKeys,
  OWN_KINDS,
  ownPanels,
  showsKeys,
  titleOf,
} from '../state/added/addedPanels';
import { cascaded } from '../state/lines/cascade';
import { panelId } from '../state/panelIds';
import { userRegExp } from '../state/runs/visibility';
import { inOrder } from '../state/view/layout';
import { drawnKeys } from '../state/view/machinePanels';
import { sectionsOf } from '../state/view/sections';
import { panelSearch } from '../state/view/view';
import type { Scope } from '../state/workspace/workspace';
import { addCharts } from './charts';
import { addHeatmaps } from './heatmaps';
import { addLines } from './lines';
import { addMedia } from './media';
import type { Collected, ExportedPanel, Slot } from './types';
import { addValues } from './values';

interface Place {
  name: string;
  slots: Slot[];
}

export async function collect(scope: Scope): Promise<Collected> {
  const left: string[] = [];
  const places = [...addedPlaces(scope), ...automaticPlaces(scope)];
  const slots = places.flatMap((place) => place.slots);
  const [charts, others] = [slots.filter(isChart), slots.filter((slot) => !isChart(slot))];
  const ofKind = (...kinds: string[]) =>
    others.filter(({ fields: [field] }) => field && kinds.includes(field.kind));
  await addLines(scope.workspace, ofKind('scalar', 'system'));
  await addHeatmaps(ofKind('histogram'), left);
  await addMedia(ofKind('json'), left);
  await addCharts(charts);
  addValues(scope, slots);
  left.push(...addedLeft(slots));
  const parts = places.map(({ name, slots: own }) => ({
    name,
    panels: own.flatMap(({ panels }) => panels).filter(hasContent),
  }));
  return { parts: parts.filter(({ panels }) => panels.length > 0), left };
}

const isChart = ({ own }: Slot): boolean => own?.kind === 'chart';

function automaticPlaces({ workspace, runs }: Scope): Place[] {
  const catalogue = workspace.store.catalogue.value;
  const sections = sectionsOf(catalogue, runs.value, userRegExp(panelSearch.value));
  return sections.map(({ name, keys }) => ({
    name,
    slots: keys.map((key): Slot => {
      const id = panelId(key);
      const title = cascaded(id).title ?? fieldTitle(key);
      return { id, title, fields: drawnKeys(key), runs: runs.value, panels: [] };
    }),
  }));
}

function addedPlaces({ workspace, runs, single }: Scope): Place[] {
  if (single) return [];
  const { catalogue, runs: all } = workspace.store;
  const slots = inOrder('own', ownPanels.value, ({ id }) => id).map((own): Slot => {
    const base = { id: own.id, title: titleOf(own), own, panels: [] };
    if (!showsKeys(own)) return { ...base, fields: [], runs: runs.value };
    const known = choicesFor(own.kind, catalogue.value.keys, all.value);
    const chosen = own.runs ? chosenRuns(own.runs, all.value) : runs.value;
    const fields = fieldsOf(own, known);
    return { ...base, fields, runs: chosen, missing: missingKeys(own, known, chosen) };
  });
  return [{ name: 'Added panels', slots }];
}

const hasContent = (panel: ExportedPanel): boolean =>
  panel.kind !== 'media' || panel.steps.length > 0;

/** Added panels of which nothing is in the file, and what the others lack. */
function addedLeft(slots: Slot[]): string[] {
  return slots.flatMap(({ own, title, panels, missing = [] }) => {
    if (!own) return [];
    const [, kind] = OWN_KINDS.find(([name]) => name === own.kind)!;
    if (!panels.some(hasContent)) return [`the added panel ${title} (${kind})`];
    if (missing.length === 0) return [];
    return [`${missing.map(keyTitle).join(', ')} in ${title}: not logged by its runs`];
  });
}
