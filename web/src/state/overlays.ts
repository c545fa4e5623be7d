/** What floats over any page, and the project in which Ctrl+K finds runs and panels. */

import { signal } from '@preact/signals';
import type { ProjectStore } from './project';

export const helpOpen = signal(false);
export const paletteOpen = signal(false);
/** What is looked for; keys typed before the palette is there are in it too. */
export const paletteText = signal('');
/** Whether Enter was pressed before anything was found. */
export const paletteEntered = signal(false);

export function openPalette(): void {
  paletteText.value = '';
  paletteEntered.value = false;
  paletteOpen.value = true;
}

/** A key that comes after Ctrl+K and before the palette's field; whether it was for that. */
export function typeAhead({ key }: KeyboardEvent): boolean {
  if (key === 'Escape') paletteOpen.value = false;
  else if (key === 'Enter') paletteEntered.value = true;
  else if (key === 'Backspace') paletteText.value = paletteText.peek().slice(0, -1);
  else if ([...key].length === 1) paletteText.value += key;
  else return false;
  return true;
}

/** Set by the pages of a project. */
export const openProject = signal<ProjectStore | null>(null);
