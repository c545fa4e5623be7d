/** The panel that fills the screen, and those that arrow keys lead to. */

import { effect, signal } from '@preact/signals';
import { route } from './route';

export const fullPanel = signal<string | null>(null);

// Another page has panels of the same ids.
effect(() => {
  void route.value;
  fullPanel.value = null;
});

export function openFull(id: string): void {
  fullPanel.value = id;
}

/** The focus goes back to the button that the panel has on the page. */
export function closeFull(): void {
  const id = fullPanel.peek();
  fullPanel.value = null;
  requestAnimationFrame(() => {
    const place = placesNow().find((one) => one.dataset.panel === id);
    place?.scrollIntoView({ block: 'nearest' });
    place?.querySelector<HTMLElement>('.fullbutton')?.focus();
  });
}

/** The panels of all open sections, in the order of the page. */
const placesNow = (): HTMLElement[] => [
  ...document.querySelectorAll<HTMLElement>('.place[data-panel]'),
];

/** The one after it, or before it; nothing at the ends. */
export function stepFull(step: number): void {
  const ids = placesNow().map(({ dataset }) => dataset.panel!);
  const next = ids[ids.indexOf(fullPanel.peek() ?? '') + step];
  if (next !== undefined) fullPanel.value = next;
}
