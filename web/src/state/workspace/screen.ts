/** How much room there is: the design folds below 1100 and below 900 pixels. */

import { computed, signal } from '@preact/signals';
import { columns } from '../view/view';

function media(query: string) {
  const list = matchMedia(query);
  const matches = signal(list.matches);
  list.addEventListener('change', (event) => {
    matches.value = event.matches;
  });
  return matches;
}

/** Labels go, two columns at most. */
export const compact = media('(max-width: 1100px)');
/** The sidebar is a drawer, one column. */
export const narrow = media('(max-width: 899px)');

/** Columns of panels that are drawn; the chosen number stays in the address. */
export const shownColumns = computed(() => {
  if (narrow.value) return 1;
  return compact.value ? Math.min(2, columns.value) : columns.value;
});
