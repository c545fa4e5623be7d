/** Settings of line panels: what a panel says goes before its section, and that before the workspace. */

import type { Smoothing, Window } from '../../model/types';
import { parsePanelId } from '../panelIds';
import { sectionName } from '../view/sections';
import {
  type PanelSettings,
  panelSettings,
  params,
  parseSmoothing,
  type Span,
  setParams,
  setZoom,
  smoothing,
  syncZoom,
  withoutZoom,
  type XAxis,
  xAxis,
  xRangeOf,
  zoomOf,
} from '../view/view';

/** What all line panels of a section do otherwise than the workspace. */
export interface SectionSettings
  extends Pick<PanelSettings, 'smooth' | 'xlog' | 'ylog' | 'outliers'> {
  x?: XAxis;
}

/** The section of the panels that the user has added: no section of keys has a slash. */
export const OWN_SECTION = '/added';

const sectionParam = (name: string): string => `s.${name}`;

export function sectionSettings(name: string | null): SectionSettings {
  if (name === null) return {};
  return Object.fromEntries(new URLSearchParams(params.value[sectionParam(name)] ?? ''));
}

/** A zoom means nothing on another axis: those of the section's panels end with a change of x. */
export function setSection(
  name: string,
  change: { [setting in keyof SectionSettings]?: string | null },
  mode: 'push' | 'replace' = 'push',
): void {
  const next = new URLSearchParams(params.peek()[sectionParam(name)] ?? '');
  for (const [setting, value] of Object.entries(change)) {
    if (value === null || value === undefined) next.delete(setting);
    else next.set(setting, value);
  }
  const unzoomed = 'x' in change ? withoutZoom((id) => sectionOf(id) === name) : {};
  setParams({ ...unzoomed, [sectionParam(name)]: next.toString() || null }, mode);
}

export function resetSection(name: string): void {
  const none = Object.keys(sectionSettings(name)).map((setting) => [setting, null]);
  setSection(name, Object.fromEntries(none));
}

/** The section whose settings a panel inherits; null for panels outside the sections. */
function sectionOf(id: string): string | null {
  const field = parsePanelId(id);
  if (field?.kind === 'own') return OWN_SECTION;
  if (field?.kind !== 'scalar' && field?.kind !== 'system') return null;
  return sectionName({ kind: field.kind, key: field.key });
}

/** The section's settings that a panel inherits. */
export const inherited = (id: string): SectionSettings => sectionSettings(sectionOf(id));

export const cascaded = (id: string): PanelSettings => ({ ...inherited(id), ...panelSettings(id) });

export const smoothingOf = (id: string): Smoothing =>
  parseSmoothing(cascaded(id).smooth) ?? smoothing.value;

export const xAxisOf = (id: string): XAxis => panelSettings(id).x ?? inherited(id).x ?? xAxis.value;

/** A common zoom holds for panels on the workspace's x; machine metrics have no steps. */
function sharesZoom(id: string, x: string): boolean {
  if (!syncZoom.value) return false;
  if (xAxis.value !== 'auto') return x === xAxis.value;
  return xAxisOf(id) === 'auto' && x !== 'runtime';
}

/** The window of `x` that a line panel shows: zoomed into, else typed; open where nothing is said. */
export function windowOf(id: string, x: string): Window {
  const zoom = zoomOf(id, sharesZoom(id, x));
  return zoom ? { min: zoom[0], max: zoom[1] } : xRangeOf(panelSettings(id), x);
}

export const setLineZoom = (id: string, x: string, span: Span | null): void =>
  setZoom(id, span, sharesZoom(id, x));
