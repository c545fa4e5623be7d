/** A panel that the user has added, whatever its kind. */

import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { Run } from '../../api/types';
import type { Note } from '../../model/types';
import {
  editPanel,
  type OwnKind,
  type OwnPanel,
  removePanel,
  showsKeys,
  titleOf,
  type ValueKind,
} from '../../state/added/addedPanels';
import { downloadRuns } from '../../state/runs/download';
import { columnName } from '../../state/runs/runColumns';
import { colorOf } from '../../state/runs/visibility';
import { say } from '../../state/toasts';
import { copyLink } from '../../state/view/share';
import { useScope } from '../../state/workspace/workspace';
import { Downloads } from '../panel/Downloads';
import { Panel } from '../panel/Panel';
import { yieldFocus } from '../panel/yieldFocus';
import { Markdown } from '../text/Markdown';
import { OwnScalar } from '../text/OwnScalar';
import { RunComparer } from '../text/RunComparer';
import { IconButton } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { Menu } from '../widgets/Menu';
import { OwnBars, OwnScatter } from './AddedCharts';
import { OwnField } from './AddedField';
import { BrushSettings } from './BrushSettings';
import { OwnImportance, useOwnImportance } from './ImportancePanel';
import { OwnParallel } from './ParallelPanel';

export function OwnPanelView({ panel }: { panel: OwnPanel }) {
  const title = titleOf(panel);
  if (showsKeys(panel)) {
    return <OwnField panel={panel} title={title} onRemove={() => remove(panel, title)} />;
  }
  if (panel.kind === 'importance') return <OwnImportanceView key={panel.keys[0]} panel={panel} />;
  return <OwnValues panel={panel as BodyProps['panel']} />;
}

function OwnValues({ panel }: { panel: BodyProps['panel'] }) {
  const notes = useSignal<Note[]>([]);
  return (
    <OwnPanelFrame panel={panel} drawnNotes={notes}>
      <Body panel={panel} onNotes={(drawn) => (notes.value = drawn)} />
    </OwnPanelFrame>
  );
}

function OwnImportanceView({ panel }: { panel: OwnPanel }) {
  const { sample, found, notes } = useOwnImportance(panel);
  return (
    <OwnPanelFrame panel={panel} notes={notes}>
      <OwnImportance panel={panel} sample={sample} found={found} />
    </OwnPanelFrame>
  );
}

interface OwnPanelFrameProps {
  panel: OwnPanel;
  notes?: Note[];
  drawnNotes?: ReadonlySignal<Note[]>;
  children: ComponentChildren;
}

function OwnPanelFrame({ panel, children, ...notes }: OwnPanelFrameProps) {
  const title = titleOf(panel);
  return (
    <Panel
      label={title}
      title={
        <span class="keyname" title={title}>
          <b>{title}</b>
        </span>
      }
      actions={<OwnActions panel={panel} title={title} />}
      {...notes}
    >
      {children}
    </Panel>
  );
}

interface BodyProps {
  panel: OwnPanel<Exclude<ValueKind, 'importance'>>;
  onNotes(notes: Note[]): void;
}

function Body({ panel, onNotes }: BodyProps) {
  switch (panel.kind) {
    case 'bars':
      return <OwnBars panel={panel} onNotes={onNotes} />;
    case 'scalar':
      return <OwnScalar panel={panel} />;
    case 'scatter':
      return <OwnScatter panel={panel} onNotes={onNotes} />;
    case 'parallel':
      return <OwnParallel panel={panel} onNotes={onNotes} />;
    case 'comparer':
      return <RunComparer />;
    case 'markdown':
      return <Markdown text={panel.text ?? ''} />;
  }
}

function remove(panel: OwnPanel, title: string): void {
  yieldFocus('.place', '.addpanel');
  say(`Removed ${title}`, { label: 'Undo', run: removePanel(panel.id) });
}

/** Those of a canvas; their numbers are values of the shown runs. */
const DRAWN: OwnKind[] = ['bars', 'scatter', 'parallel'];

const runName = (run: Run) => ({ label: run.name, color: colorOf(run) });

function OwnActions({ panel, title }: { panel: OwnPanel; title: string }) {
  const { runs } = useScope();
  const place = useRef<HTMLSpanElement>(null);
  return (
    <span class="row" ref={place}>
      <IconButton small icon="edit" label={`Edit ${title}`} onClick={() => editPanel(panel)} />
      <Menu icon="more" label={`Settings of ${title}`} small wide={panel.kind === 'parallel'}>
        {(close) => (
          <>
            {panel.kind === 'parallel' && <BrushSettings panel={panel} />}
            <button
              type="button"
              onClick={() => {
                close();
                void copyLink();
              }}
            >
              <Icon name="link" />
              Copy link to this panel
            </button>
            {DRAWN.includes(panel.kind) && (
              <Downloads
                close={close}
                picture={{
                  panel: () => place.current!.closest('.panel')!,
                  title,
                  names: panel.kind === 'bars' ? [] : runs.value.map(runName),
                  axes: { x: panel.kind === 'bars' ? columnName(panel.keys[0]) : '', y: '' },
                }}
                kinds={{ csv: () => downloadRuns(title, runs.value, panel.keys) }}
              />
            )}
            <button type="button" onClick={() => remove(panel, title)}>
              <Icon name="trash" />
              Remove the panel
            </button>
          </>
        )}
      </Menu>
    </span>
  );
}
