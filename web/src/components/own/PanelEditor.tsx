/** The dialog that adds a panel or changes one. */

import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { keyTitle } from '../../math/keyTitle';
import {
  editedPanel,
  newPanelId,
  OWN_KINDS,
  type OwnKind,
  type OwnPanel,
  savePanel,
} from '../../state/ownPanels';
import { columnsOf, fullName } from '../../state/runColumns';
import { userRegExp } from '../../state/visibility';
import { useScope } from '../../state/workspace';
import { Check, type Choice, IconButton, SearchField, Select } from '../controls';
import { Dialog } from '../Dialog';
import './own.css';

const open = signal(false);
const MOST_LISTED = 300;

/** How many values each kind needs. */
const NEEDS: Record<OwnKind, [least: number, most: number]> = {
  lines: [1, 12],
  bars: [1, 1],
  scalar: [1, 1],
  scatter: [2, 2],
  parallel: [2, 12],
  comparer: [0, 0],
  markdown: [0, 0],
};

const STATISTICS: Choice<NonNullable<OwnPanel['statistic']>>[] = [
  ['min', 'Minimum'],
  ['max', 'Maximum'],
  ['mean', 'Mean'],
  ['median', 'Median'],
];

export function PanelEditor() {
  useEffect(() => {
    open.value = true;
    const stop = open.subscribe((isOpen) => {
      if (!isOpen) editedPanel.value = null;
    });
    return stop;
  }, []);
  const edited = editedPanel.value;
  if (!edited) return null;
  return (
    <Dialog open={open} label={edited === 'new' ? 'Add a panel' : 'Edit the panel'}>
      <Form start={edited === 'new' ? fresh() : edited} isNew={edited === 'new'} />
    </Dialog>
  );
}

function fresh(): OwnPanel {
  return { id: newPanelId(), kind: 'lines', title: '', keys: [] };
}

function Form({ start, isNew }: { start: OwnPanel; isNew: boolean }) {
  const [panel, setPanel] = useState(start);
  const { kind, keys } = panel;
  const [least, most] = NEEDS[kind];
  const change = (part: Partial<OwnPanel>) => setPanel({ ...panel, ...part });
  const ready = keys.length >= least && (kind !== 'markdown' || (panel.text ?? '').trim() !== '');
  const close = () => {
    open.value = false;
  };
  const save = () => {
    savePanel(panel);
    close();
  };
  return (
    <>
      <div class="head">
        <b class="sp">{isNew ? 'Add a panel' : 'Edit the panel'}</b>
        <IconButton icon="x" label="Close" onClick={close} />
      </div>
      <div class="body editor">
        <div class="row">
          <Select
            label="Kind of panel"
            value={kind}
            choices={OWN_KINDS}
            onChange={(next) => change({ kind: next, keys: [] })}
          />
          <label class="field outlined sp">
            <input
              aria-label="Title"
              placeholder="Title (by itself if empty)"
              value={panel.title}
              onInput={(event) => change({ title: event.currentTarget.value })}
            />
          </label>
        </div>
        {kind === 'scalar' && (
          <Select
            label="Statistic over the shown runs"
            value={panel.statistic ?? 'min'}
            choices={STATISTICS}
            onChange={(statistic) => change({ statistic })}
          />
        )}
        {kind === 'markdown' && (
          <textarea
            aria-label="Text"
            rows={10}
            placeholder="# Notes&#10;Text with **bold**, `code`, lists and [links](https://…)"
            value={panel.text ?? ''}
            onInput={(event) => change({ text: event.currentTarget.value })}
          />
        )}
        {kind === 'comparer' && <p class="mid">Compares config and results of all shown runs.</p>}
        {most > 0 && (
          <Values kind={kind} keys={keys} most={most} onChange={(next) => change({ keys: next })} />
        )}
        <div class="row">
          <span class="sp dim t12">
            {kind === 'scatter' && 'The first value is x, the second one y.'}
          </span>
          <button type="button" class="btn pri" disabled={!ready} onClick={save}>
            {isNew ? 'Add panel' : 'Save'}
          </button>
        </div>
      </div>
    </>
  );
}

interface ValuesProps {
  kind: OwnKind;
  keys: string[];
  most: number;
  onChange(keys: string[]): void;
}

/** Metrics for lines, config and summary values for the rest. */
function Values({ kind, keys, most, onChange }: ValuesProps) {
  const { store } = useScope().workspace;
  const [search, setSearch] = useState('');
  const pattern = userRegExp(search);
  const all =
    kind === 'lines'
      ? store.catalogue.value.keys.flatMap((key) => (key.kind === 'scalar' ? [key.key] : []))
      : columnsOf(store.runs.value);
  const found = all.filter((key) => pattern?.test(key) ?? true);
  const toggle = (key: string, on: boolean) =>
    onChange(on ? [...keys, key].slice(-most) : keys.filter((name) => name !== key));
  return (
    <>
      <SearchField
        outlined
        label="Search values (regex)"
        value={search}
        invalid={!pattern}
        onInput={setSearch}
      />
      <div class="choices">
        {found.slice(0, MOST_LISTED).map((key) => (
          <div class="opt" key={key}>
            <Check
              label={kind === 'lines' ? keyTitle(key) : fullName(key)}
              checked={keys.includes(key)}
              onChange={(on) => toggle(key, on)}
            />
            {keys.length > 1 && keys.includes(key) && (
              <span class="dim">{keys.indexOf(key) + 1}</span>
            )}
          </div>
        ))}
      </div>
    </>
  );
}
