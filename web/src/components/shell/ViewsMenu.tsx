/** Saved views of the project, undo and redo. */

import { useState } from 'preact/hooks';
import { canRedo, canUndo, redo, undo } from '../../state/view/history';
import {
  applyView,
  deleteView,
  differsFrom,
  leaveView,
  makeFirst,
  openView,
  type SavedView,
  savedViews,
  saveView,
} from '../../state/view/savedViews';
import { yieldFocus } from '../panel/yieldFocus';
import { IconButton } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { Menu, onEnter } from '../widgets/Menu';

export function ViewsMenu() {
  const views = savedViews.value?.views ?? [];
  const name = openView.value;
  const open = views.find((view) => view.name === name);
  const changed = open !== undefined && differsFrom(open);
  return (
    <Menu icon="view" label="Saved views" wide>
      {(close) => (
        <>
          {name !== null && (
            <div class="opt">
              <span class="ell">{name}</span>
              <span class="dim t12">{!open ? 'deleted' : changed ? 'changed' : 'as saved'}</span>
            </div>
          )}
          {views.map((view) => (
            <ViewEntry key={view.name} view={view} onOpen={close} />
          ))}
          {views.length === 0 && <div class="opt">No saved views yet.</div>}
          <hr />
          {open && changed && (
            <button
              type="button"
              onClick={() => {
                close();
                void saveView(open.name);
              }}
            >
              <Icon name="down" />
              Save the changes to {open.name}
            </button>
          )}
          {name !== null && (
            <button
              type="button"
              onClick={() => {
                close();
                leaveView();
              }}
            >
              <Icon name="reset" />
              Close view
            </button>
          )}
          <SaveAs onDone={close} />
          <hr />
          <Step icon="undo" label="Undo" keys="Ctrl Z" able={canUndo.value} act={undo} />
          <Step icon="redo" label="Redo" keys="Ctrl Shift Z" able={canRedo.value} act={redo} />
        </>
      )}
    </Menu>
  );
}

interface StepProps {
  icon: 'undo' | 'redo';
  label: string;
  keys: string;
  able: boolean;
  act(): void;
}

function Step({ icon, label, keys, able, act }: StepProps) {
  return (
    <button type="button" disabled={!able} onClick={act}>
      <Icon name={icon} />
      <span class="stretch">{label}</span>
      <kbd>{keys}</kbd>
    </button>
  );
}

function ViewEntry({ view, onOpen }: { view: SavedView; onOpen(): void }) {
  const isFirst = savedViews.value?.first === view.name;
  return (
    <div class="viewrow">
      <button
        type="button"
        class="stretch"
        onClick={() => {
          onOpen();
          void applyView(view);
        }}
      >
        <span class="ell">{view.name}</span>
      </button>
      <IconButton
        small
        icon="pin"
        label={isFirst ? `${view.name} opens first; stop that` : `Open ${view.name} first`}
        pressed={isFirst}
        onClick={() => void makeFirst(isFirst ? null : view.name)}
      />
      <IconButton
        small
        icon="trash"
        label={`Delete the view ${view.name}`}
        onClick={() => {
          yieldFocus('.viewrow');
          void deleteView(view);
        }}
      />
    </div>
  );
}

function SaveAs({ onDone }: { onDone(): void }) {
  const [name, setName] = useState('');
  const save = () => {
    if (!name.trim()) return;
    onDone();
    void saveView(name.trim());
  };
  return (
    <div class="opt">
      <label class="field outlined stretch">
        <input
          aria-label="Name of the view"
          placeholder="Save this view as"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
          onKeyDown={onEnter(save)}
        />
      </label>
      <button type="button" class="btn ghost fit" disabled={!name.trim()} onClick={save}>
        Save
      </button>
    </div>
  );
}
