/** What was changed here and elsewhere at once, and the two ways out that the user is asked for. */

import { signal } from '@preact/signals';

export interface Choice {
  label: string;
  run(): void;
}

export interface Clash {
  title: string;
  text: string;
  /** Both contents, where they are short. */
  contents?: { mine: string; theirs: string };
  mine: Choice;
  theirs: Choice;
}

/** The one that is on screen. */
export const clash = signal<Clash | null>(null);
