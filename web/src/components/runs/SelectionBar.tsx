/** What can be done with the selected runs, all at once: stands where the tools of the table do. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import { compareRuns } from '../../state/added/compare';
import { besideHref } from '../../state/histograms/focus';
import { navigate, projectHref } from '../../state/route';
import {
  addTag,
  countOf,
  removeRuns,
  removeTag,
  resetColors,
  setGroup,
} from '../../state/runs/bulkEdits';
import { movedRuns } from '../../state/runs/moveRuns';
import { nextRow, selectAll, selectNone } from '../../state/runs/selection';
import { setShown, showOnly } from '../../state/runs/shownRuns';
import { compact } from '../../state/workspace/screen';
import type { Workspace } from '../../state/workspace/workspace';
import { IconButton } from '../widgets/controls';
import { Icon, type IconName } from '../widgets/Icon';
import { Menu, onEnter } from '../widgets/Menu';

interface SelectionBarProps {
  workspace: Workspace;
  chosen: Run[];
  listed: Run[];
}

export function SelectionBar({ workspace, chosen, listed }: SelectionBarProps) {
  const runs = workspace.store.runs.value;
  const show = (on: boolean) => setShown(workspace.filtered.peek(), chosen, on);
  const compare = () => {
    const { entity, project } = workspace.store;
    compareRuns(chosen);
    navigate(besideHref(projectHref(entity, project)));
  };
  return (
    <section class="bar selection" aria-label="Selected runs">
      <IconButton
        icon="x"
        label="Select none"
        onClick={() => {
          nextRow.value = chosen[0].uid;
          selectNone();
        }}
      />
      <b>{countOf(chosen)} selected</b>
      {chosen.length < listed.length && !compact.value && (
        <button type="button" class="link" onClick={() => selectAll(listed)}>
          Select all {listed.length} listed
        </button>
      )}
      <span class="stretch" />
      {chosen.length > 1 && <Action icon="table" text="Compare" onClick={compare} />}
      <Action icon="eye" text="Show only these" onClick={() => showOnly(...chosen)} />
      <IconButton icon="eye" label="Show" onClick={() => show(true)} />
      <IconButton icon="eyeoff" label="Hide" onClick={() => show(false)} />
      <Menu icon="plus" label="Add a tag to the selected runs" text="Tag" wide>
        {(close) => (
          <TextForm
            label="Tag"
            action="Add tag"
            known={distinct(runs.flatMap(({ tags }) => tags))}
            onDone={(tag) => {
              close();
              addTag(chosen, tag);
            }}
          />
        )}
      </Menu>
      <Menu icon="minus" label="Remove a tag from the selected runs" text="Tag">
        {(close) => (
          <TagList
            chosen={chosen}
            onChoose={(tag) => {
              close();
              removeTag(chosen, tag);
            }}
          />
        )}
      </Menu>
      <Menu icon="view" label="Group of the selected runs" text="Group" wide>
        {(close) => (
          <TextForm
            label="Group"
            action="Set group"
            known={distinct(runs.map(({ group }) => group))}
            onDone={(group) => {
              close();
              setGroup(chosen, group);
            }}
          >
            <button
              type="button"
              class="btn ghost fit"
              onClick={() => {
                close();
                setGroup(chosen, '');
              }}
            >
              No group
            </button>
          </TextForm>
        )}
      </Menu>
      <IconButton icon="reset" label="Reset colour" onClick={() => resetColors(chosen)} />
      <Action icon="link" text="Move" onClick={() => (movedRuns.value = chosen)} />
      <Action icon="trash" text="Delete" onClick={() => void removeRuns(chosen, listed)} />
    </section>
  );
}

const distinct = (words: string[]): string[] => [...new Set(words)].filter(Boolean).sort();

interface ActionProps {
  icon: IconName;
  text: string;
  onClick(): void;
}

function Action({ icon, text, onClick }: ActionProps) {
  return (
    <button type="button" class="btn" onClick={onClick}>
      <Icon name={icon} />
      {text}
    </button>
  );
}

interface TextFormProps {
  label: string;
  action: string;
  known: string[];
  onDone(text: string): void;
  children?: ComponentChildren;
}

/** One word to type, with those that are in use to choose from. */
function TextForm({ label, action, known, onDone, children }: TextFormProps) {
  const [text, setText] = useState('');
  const word = text.trim();
  const done = () => {
    if (word) onDone(word);
  };
  return (
    <>
      <div class="opt">
        <label class="field outlined stretch">
          <input
            aria-label={label}
            placeholder={label}
            list="known-words"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={onEnter(done)}
          />
        </label>
        <datalist id="known-words">
          {known.map((item) => (
            <option key={item} value={item} />
          ))}
        </datalist>
      </div>
      <div class="opt">
        {children}
        <span class="stretch" />
        <button type="button" class="btn pri fit" disabled={!word} onClick={done}>
          {action}
        </button>
      </div>
    </>
  );
}

interface TagListProps {
  chosen: Run[];
  onChoose(tag: string): void;
}

/** The tags that the runs have, and how many of the runs have each. */
function TagList({ chosen, onChoose }: TagListProps) {
  const tags = distinct(chosen.flatMap((run) => run.tags));
  if (tags.length === 0) return <div class="opt">None of these runs has a tag</div>;
  return (
    <div class="choices">
      {tags.map((tag) => (
        <button type="button" key={tag} onClick={() => onChoose(tag)}>
          <span class="ell">{tag}</span>
          <span class="stretch" />
          <span class="dim">{chosen.filter((run) => run.tags.includes(tag)).length}</span>
        </button>
      ))}
    </div>
  );
}
