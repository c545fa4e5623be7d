/** The kinds of watched tensors: what stands before the first slash of their keys. */

import type { Choice, LayerStatistic } from '../model/types';

const NAMES: Record<string, string> = {
  gradients: 'Gradients',
  parameters: 'Parameters',
  updates: 'Updates',
  update_ratios: 'Update ratios',
  activations: 'Activations',
  activation_kurtosis: 'Kurtosis',
  activation_gradients: 'Activation gradients',
};

const STATE = 'optimizer_state.';

/** The update ratio that people look for when they choose a learning rate, as its log10. */
export const GOOD_RATIO = -3;

const ORDER = Object.keys(NAMES);

const placeOf = (kind: string): number => {
  const place = ORDER.indexOf(kind);
  return place < 0 ? ORDER.length : place;
};

export function kindOfTensor(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}

/** The kinds among the keys, gradients first, with their names. */
export function kindsOf(keys: string[]): Choice<string>[] {
  const kinds = [...new Set(keys.map(kindOfTensor))].filter(Boolean);
  kinds.sort((a, b) => placeOf(a) - placeOf(b) || a.localeCompare(b));
  return kinds.map((kind) => [kind, nameOfKind(kind)]);
}

function nameOfKind(kind: string): string {
  return NAMES[kind] ?? (kind.startsWith(STATE) ? kind.slice(STATE.length) : kind);
}

export const isRatio = (kind: string): boolean => kind === 'update_ratios';

/** What the lines of all tensors of a kind show. */
export function linesTitle(kind: string): string {
  if (isRatio(kind)) return 'All update ratios';
  if (kind === 'activation_kurtosis') return 'Kurtosis of all activations';
  return `RMS of all ${kind.startsWith(STATE) ? nameOfKind(kind) : kind.replace('_', ' ')}`;
}

/** Of a kind with one number an event: the number; else what a layer map may show of a tensor. */
export function statisticsOf(kind: string): Choice<LayerStatistic>[] {
  if (isRatio(kind)) return [['rms', 'log₁₀ RMS(update) / RMS(weight)']];
  if (kind === 'activation_kurtosis') return [['rms', 'log₁₀ kurtosis']];
  const choices: Choice<LayerStatistic>[] = [
    ['rms', 'log₁₀ RMS'],
    ['zeros', 'Share of zeros'],
    ['nonFinite', 'Share of non-finite'],
  ];
  if (kind === 'gradients') choices.splice(1, 0, ['ratio', 'log₁₀ RMS ratio to weight']);
  return choices;
}
