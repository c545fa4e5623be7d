/** Settings of line panels: what a panel says goes before its section, and that before the workspace. */

import type { Smoothing } from '../charts/types';
import { sectionName } from './sections';
import {
  type PanelSettings,
  panelSettings,
  params,
  parseSmoothing,
  setParams,
  smoothing,
  type XAxis,
  xAxis,
} from './view';

/** What all line panels of a section do otherwise than the workspace. */
export interface SectionSettings extends Pick<PanelSettings, 'smooth' | 'xlog' | 'ylog'> {
  x?: XAxis;
}

/** The section of the panels that the user has added: no section of keys has a slash. */
export const OWN_SECTION = '/added';

const sectionParam = (name: string): string => `s.${name}`;

export function sectionSettings(name: string | null): SectionSettings {
  if (name === null) return {};
  return Object.fromEntries(new URLSearchParams(params.value[sectionParam(name)] ?? ''));
}

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
  setParams({ [sectionParam(name)]: next.toString() || null }, mode);
}

export const resetSection = (name: string): void =>
  setParams({ [sectionParam(name)]: null }, 'push');

/** The section's settings that a panel inherits; none for panels outside the sections. */
export function inherited(id: string): SectionSettings {
  if (id.startsWith('own ')) return sectionSettings(OWN_SECTION);
  const named = /^(scalar|system) (.*)$/s.exec(id);
  if (!named) return {};
  return sectionSettings(sectionName({ kind: named[1] as 'scalar' | 'system', key: named[2] }));
}

export function cascaded(id: string): PanelSettings {
  const { x: _, ...section } = inherited(id);
  return { ...section, ...panelSettings(id) };
}

export const smoothingOf = (id: string): Smoothing =>
  parseSmoothing(cascaded(id).smooth) ?? smoothing.value;

export const xAxisOf = (id: string): XAxis => inherited(id).x ?? xAxis.value;
