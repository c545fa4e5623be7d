/** All notes of a chart beside each other; only they are drawn anew when the chart has others. */

import type { ReadonlySignal } from '@preact/signals';
import type { Note } from '../../model/types';

export function NoteBadges({ notes }: { notes: ReadonlySignal<Note[]> }) {
  return (
    <>
      {notes.value.map(({ text, tone }) => (
        <span class={`badge ${tone}`} key={text}>
          {text}
        </span>
      ))}
    </>
  );
}
