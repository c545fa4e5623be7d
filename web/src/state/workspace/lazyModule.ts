/** Code that is fetched when it is first needed, for hooks and functions; components have `lazy`. */

import { signal } from '@preact/signals';
import { complain } from '../toasts';

/** Null until the module is there; who reads it is rendered again then. */
export function lazyModule<Module extends object>(load: () => Promise<Module>) {
  const found = signal<Module | null>(null);
  let asked = false;
  return (): Module | null => {
    if (!asked) {
      asked = true;
      load().then(
        (module) => {
          found.value = module;
        },
        () => complain('A part of the dashboard could not be loaded: reload the page'),
      );
    }
    return found.value;
  };
}
