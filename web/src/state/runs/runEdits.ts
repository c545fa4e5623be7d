/** Edits of one run's name, tags and notes: what was changed elsewhere meanwhile is not lost. */

import { signal } from '@preact/signals';
import { ApiError, patchRun } from '../../api/client';
import type { Run } from '../../api/types';
import { attempt } from '../toasts';
import { clash } from '../view/clash';

export type EditedField = 'name' | 'tags' | 'notes';

/** What is edited in a dialog, where there is no cell for it. */
export const editedRun = signal<{ run: Run; field: EditedField } | null>(null);

/** A field as it is typed: tags with commas. */
export const fieldText = (run: Run, field: EditedField): string =>
  field === 'tags' ? run.tags.join(', ') : run[field];

const tagsOf = (text: string): string[] =>
  [...new Set(text.split(',').map((tag) => tag.trim()))].filter(Boolean);

/** Writes one field that was `was`; a list of tags is typed with commas. */
export function saveField(run: Run, field: EditedField, text: string, was: string): void {
  if (field === 'tags') saveTags(run, tagsOf(text), tagsOf(was));
  else if (field !== 'name' || text) saveText(run, field, text, was);
}

const failed = (run: Run, field: EditedField): string =>
  `The ${field} of ${run.name} could not be changed`;

/** Tags that were added elsewhere meanwhile stay. */
function saveTags(run: Run, tags: string[], before: string[]): void {
  const change = {
    add_tags: tags.filter((tag) => !before.includes(tag)),
    remove_tags: before.filter((tag) => !tags.includes(tag)),
  };
  void attempt(failed(run, 'tags'), () => patchRun(run.uid, change));
}

function saveText(run: Run, field: 'name' | 'notes', text: string, was: string): void {
  void attempt(failed(run, field), async () => {
    try {
      await patchRun(run.uid, { [field]: text, was: { [field]: was } });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      const present = error.details.present as Record<string, string>;
      ask(run, field, text, present[field]!);
    }
  });
}

function ask(run: Run, field: 'name' | 'notes', mine: string, theirs: string): void {
  clash.value = {
    title: `The ${field} of ${run.name} changed elsewhere`,
    text: `Another tab or somebody else changed the ${field} while you were typing.`,
    contents: { mine, theirs },
    mine: { label: 'Replace it with mine', run: () => saveText(run, field, mine, theirs) },
    theirs: { label: 'Keep what is there', run: () => undefined },
  };
}
