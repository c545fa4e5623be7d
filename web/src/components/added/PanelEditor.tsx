/** The dialog that adds a panel or changes one. */

import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { keyTitle } from '../../math/keyTitle';
import type { Choice } from '../../model/types';
import {
  captures,
  choicesFor,
  editedPanel,
  isKeyKind,
  newPanelId,
  OWN_KINDS,
  type OwnKind,
  type OwnPanel,
  savePanels,
  splitByGroup,
} from '../../state/added/addedPanels';
import { columnsOf, fullName } from '../../state/runs/runColumns';
import { userRegExp } from '../../state/runs/visibility';
import { HISTOGRAM_VIEWS } from '../../state/view/choices';
import type { HistogramView } from '../../state/view/view';
import { useScope } from '../../state/workspace/workspace';
import { Check, IconButton, Select } from '../widgets/controls';
import { Dialog } from '../widgets/Dialog';
import { ChoiceList } from './ChoiceList';
import './added.css';

const open = signal(false);
const MOST_RUNS = 12;

/** How many values each kind needs. */
const NEEDS: Record<OwnKind, [least: number, most: number]> = {
  lines: [1, 12],
  histogram: [1, 1],
  table: [1, 1],
  chart: [1, 1],
  media: [1, 1],
  bars: [1, 1],
  scalar: [1, 1],
  scatter: [2, 2],
  parallel: [2, 12],
  importance: [1, 1],
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
  const [split, setSplit] = useState(false);
  const { store } = useScope().workspace;
  const fits = panel.pattern === undefined ? keys.length >= least : isPattern(panel.pattern);
  const ready =
    fits && (kind !== 'markdown' || (panel.text ?? '').trim() !== '') && panel.runs?.length !== 0;
  const close = () => {
    open.value = false;
  };
  const save = () => {
    const { pattern } = panel;
    const scalars = store.catalogue.peek().keys.filter((key) => key.kind === 'scalar');
    const names = scalars.map(({ key }) => key);
    const parts = split && pattern && captures(pattern) ? splitByGroup(panel, names) : [panel];
    savePanels(parts.length > 0 ? parts : [panel]);
    close();
  };
  return (
    <>
      <div class="head">
        <b class="stretch">{isNew ? 'Add a panel' : 'Edit the panel'}</b>
        <IconButton icon="x" label="Close" onClick={close} />
      </div>
      <div class="body editor">
        <div class="row">
          <Select
            label="Kind of panel"
            value={kind}
            choices={OWN_KINDS}
            onChange={(next) =>
              change({
                kind: next,
                keys: [],
                runs: undefined,
                onlyShown: undefined,
                pattern: undefined,
              })
            }
          />
          <label class="field outlined stretch">
            <input
              aria-label="Title"
              placeholder="Title (automatic if empty)"
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
        {kind === 'lines' && (
          <Pattern panel={panel} change={change} split={split} onSplit={setSplit} />
        )}
        {most > 0 && panel.pattern === undefined && (
          <Values panel={panel} most={most} onChange={(next) => change({ keys: next })} />
        )}
        {kind === 'importance' && (
          <Check
            label="Only the shown runs, not all that fit the filters"
            checked={panel.onlyShown === true}
            onChange={(on) => change({ onlyShown: on ? true : undefined })}
          />
        )}
        {isKeyKind(kind) && <FieldSettings panel={panel} change={change} />}
        <div class="row">
          <span class="stretch dim t12">
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

const isPattern = (text: string): boolean => text !== '' && userRegExp(text) !== null;

interface PatternProps extends FormPartProps {
  split: boolean;
  onSplit(on: boolean): void;
}

/** Metrics by a regular expression, in place of chosen ones. */
function Pattern({ panel, change, split, onSplit }: PatternProps) {
  const { pattern } = panel;
  return (
    <>
      <div class="row">
        <Check
          label="All metrics that fit a regular expression, also later ones"
          checked={pattern !== undefined}
          onChange={(on) => change({ pattern: on ? '' : undefined, keys: [] })}
        />
      </div>
      {pattern !== undefined && (
        <label class={`field outlined ${pattern && !isPattern(pattern) ? 'invalid' : ''}`}>
          <input
            aria-label="Metrics (regex)"
            placeholder="loss$   or   ^(train|val)/"
            value={pattern}
            onInput={(event) => change({ pattern: event.currentTarget.value })}
          />
        </label>
      )}
      {pattern !== undefined && captures(pattern) && (
        <div class="row">
          <Check
            label="One panel for each text that the first group captures"
            checked={split}
            onChange={onSplit}
          />
        </div>
      )}
    </>
  );
}

interface ValuesProps {
  panel: OwnPanel;
  most: number;
  onChange(keys: string[]): void;
}

/** Logged keys of the fitting kind, or config and summary values. */
function Values({ panel: { kind, keys }, most, onChange }: ValuesProps) {
  const { store } = useScope().workspace;
  const all: Choice<string>[] = isKeyKind(kind)
    ? [...choicesFor(kind, store.catalogue.value.keys, store.runs.value).keys()].map((name) => [
        name,
        keyTitle(name),
      ])
    : columnsOf(store.runs.value)
        .filter((by) => kind !== 'importance' || isResult(by))
        .map((by) => [by, fullName(by)]);
  if (all.length === 0) {
    return <p class="mid">No run of this project has logged anything for such a panel.</p>;
  }
  return (
    <ChoiceList
      key={kind}
      label="Search values (regex)"
      choices={all}
      chosen={keys}
      most={most}
      onChange={onChange}
    />
  );
}

const isResult = (by: string): boolean => by.startsWith('summary.');

interface FormPartProps {
  panel: OwnPanel;
  change(part: Partial<OwnPanel>): void;
}

const OWN_VIEWS: Choice<HistogramView | ''>[] = [['', 'View as workspace'], ...HISTOGRAM_VIEWS];

/** Of logged keys: which runs, and how histograms are drawn. */
function FieldSettings({ panel, change }: FormPartProps) {
  const { store } = useScope().workspace;
  const runs = store.runs.value.map(({ run_id, name }): Choice<string> => [run_id, name]);
  return (
    <>
      <div class="row">
        {panel.kind === 'histogram' && (
          <Select
            label="View of the histograms"
            value={panel.view ?? ''}
            choices={OWN_VIEWS}
            onChange={(view) => change({ view: view || undefined })}
          />
        )}
        <Check
          label="Only these runs (including hidden)"
          checked={panel.runs !== undefined}
          onChange={(on) => change({ runs: on ? [] : undefined })}
        />
      </div>
      {panel.runs && (
        <ChoiceList
          label="Search runs (regex)"
          choices={runs}
          chosen={panel.runs}
          most={MOST_RUNS}
          onChange={(ids) => change({ runs: ids })}
        />
      )}
    </>
  );
}
