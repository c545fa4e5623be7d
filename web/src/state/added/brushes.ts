/** Ranges that are selected on the axes of parallel coordinates, kept with the panel's settings. */

import type { Run } from '../../api/types';
import type { Brush } from '../../math/parallel';
import { asNumber, asText } from '../runs/filters';
import { runValue } from '../runs/visibility';
import { panelSettings, setPanel } from '../view/view';

/** By field: `config.lr`. */
export type Brushes = Map<string, Brush>;

/** In the address: `{"config.lr":[0.001,0.1],"config.optimizer":["adam"]}`. */
function parseBrushes(text: string | undefined): Brushes {
  if (!text) return new Map();
  try {
    const all = Object.entries(JSON.parse(text) ?? {});
    return new Map(all.flatMap(([by, value]) => parseBrush(by, value)));
  } catch (error) {
    if (error instanceof SyntaxError) return new Map(); // a link that was cut short
    throw error;
  }
}

function parseBrush(by: string, value: unknown): [string, Brush][] {
  if (!Array.isArray(value) || value.length === 0) return [];
  if (value.every((one) => typeof one === 'string')) return [[by, { words: value }]];
  const [from, to] = value;
  return Number.isFinite(from) && Number.isFinite(to) && to >= from ? [[by, { from, to }]] : [];
}

function formatBrushes(brushes: Brushes): string | null {
  if (brushes.size === 0) return null;
  const all = [...brushes].map(([by, brush]) => [
    by,
    'words' in brush ? brush.words : [brush.from, brush.to],
  ]);
  return JSON.stringify(Object.fromEntries(all));
}

/** Ranges on the axes that a panel has. */
export function brushesOf(id: string, keys: string[]): Brushes {
  const all = parseBrushes(panelSettings(id).brush);
  return new Map([...all].filter(([by]) => keys.includes(by)));
}

/** Null takes the range of that field away. */
export function setBrush(id: string, by: string, brush: Brush | null): void {
  const brushes = parseBrushes(panelSettings(id).brush);
  if (brush) brushes.set(by, brush);
  else if (!brushes.delete(by)) return;
  setPanel(id, { brush: formatBrushes(brushes) });
}

export function clearBrushes(id: string, mode: 'push' | 'replace' = 'push'): void {
  if (panelSettings(id).brush) setPanel(id, { brush: null }, mode);
}

/** Whether a run lies in all of the ranges; without the value it lies in none. */
export function isBrushed(run: Run, brushes: Brushes): boolean {
  return [...brushes].every(([by, brush]) => {
    const value = runValue(run, by);
    if (value === undefined || value === null) return false;
    if ('words' in brush) return brush.words.includes(asText(value));
    const number = asNumber(value);
    return number !== null && number >= brush.from && number <= brush.to;
  });
}
