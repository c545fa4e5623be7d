/** Code that is fetched when it is first needed, for hooks and functions; components have `lazy`. */

import { type Signal, signal } from '@preact/signals';
import { fetched } from '../fetched';
import { complain } from '../toasts';

/** Null until the module is there; who reads it is rendered again then. */
export function lazyModule<Module extends object>(load: () => Promise<Module>) {
  const found: Signal<Module | 'away' | 'gone' | null> = signal(null);
  let asked = false;
  found.subscribe((now) => {
    if (now === 'gone') complain('A part of the dashboard could not be loaded: reload the page');
  });
  return (): Module | null => {
    if (!asked) {
      asked = true;
      void fetched(load, found);
    }
    const now = found.value;
    return typeof now === 'object' ? now : null;
  };
}
