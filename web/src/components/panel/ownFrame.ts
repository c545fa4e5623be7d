/** What a panel that was added puts around the view of its keys. */

import type { ComponentChildren } from 'preact';
import type { Note } from '../../model/types';

/** A view in a panel that was added: under its own name, with its own entries. */
export interface OwnFrame {
  id: string;
  /** What its header shows. */
  name: string;
  /** As it is called in words, unlike the automatic panel of its key. */
  title: string;
  actions: ComponentChildren;
  /** What of its keys is not there. */
  notes: Note[];
}
