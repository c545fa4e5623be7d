/** Light or dark: follows the system until it is set. */

import { computed, effect, signal } from '@preact/signals';
import { remember, remembered } from './memory';

export type ThemeChoice = 'system' | 'light' | 'dark';

const query = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(query.matches);
export const choice = signal<ThemeChoice>(
  (['light', 'dark'] as const).find((name) => name === remembered('theme')) ?? 'system',
);

export const theme = computed<'light' | 'dark'>(() => {
  if (choice.value !== 'system') return choice.value;
  return systemDark.value ? 'dark' : 'light';
});

const NEXT: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' };

export function nextTheme(): void {
  choice.value = NEXT[choice.value];
  remember('theme', choice.value === 'system' ? null : choice.value);
}

export function startTheme(): void {
  query.addEventListener('change', (event) => {
    systemDark.value = event.matches;
  });
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}
