/** An added panel of logged keys: lines, histograms, tables, charts or media, of the shown or of chosen runs. */

import { computed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Key, Run } from '../../api/types';
import { keyTitle } from '../../math/keyTitle';
import type { Note } from '../../model/types';
import {
  choicesFor,
  chosenRuns,
  editPanel,
  fieldsOf,
  type KeyKind,
  missingKeys,
  type OwnPanel,
  savePanel,
} from '../../state/added/addedPanels';
import { ownersOf } from '../../state/lines/metricLines';
import { type Scope, ScopeProvider, useScope } from '../../state/workspace/workspace';
import { HistogramView, MediaView, PlotView } from '../histograms/fieldViews';
import { LineView } from '../lines/LineView';
import type { OwnFrame } from '../panel/ownFrame';
import { Panel } from '../panel/Panel';
import { IconButton } from '../widgets/controls';

interface OwnFieldProps {
  panel: OwnPanel<KeyKind>;
  title: string;
  onRemove(): void;
}

export function OwnField({ panel, title, onRemove }: OwnFieldProps) {
  const scope = useChosen(panel.runs);
  const { catalogue, runs } = scope.workspace.store;
  const { keys } = catalogue.value;
  const known = useMemo(
    () => choicesFor(panel.kind, keys, runs.value),
    [panel.kind, keys, runs.value],
  );
  const fields = fieldsOf(panel, known);
  const [run] = ownersOf(fields, scope.runs.value);
  const actions = (
    <>
      <IconButton small icon="edit" label={`Edit ${title}`} onClick={() => editPanel(panel)} />
      <IconButton small icon="trash" label={`Remove ${title}`} onClick={onRemove} />
    </>
  );
  if (!run) {
    return (
      <Panel label={title} title={<b class="keyname">{title}</b>} actions={actions}>
        <p class="message">
          {fields.length > 0 ? 'None of the runs of this panel logs' : 'No run logs'}{' '}
          {panel.pattern ? `a metric that fits ${panel.pattern}` : panel.keys.join(', ')}.
        </p>
      </Panel>
    );
  }
  const isNamed = panel.title !== '' || panel.keys.length !== 1;
  const own = {
    id: panel.id,
    name: title,
    title: isNamed ? title : `${title} (added)`,
    actions,
    notes: missingNotes(missingKeys(panel, known, scope.runs.value)),
  };
  return (
    <ScopeProvider value={scope}>
      <View panel={panel} fields={fields} run={run} own={own} />
    </ScopeProvider>
  );
}

function missingNotes(missing: string[]): Note[] {
  if (missing.length === 0) return [];
  return [{ text: `not logged by these runs: ${missing.map(keyTitle).join(', ')}`, tone: 'plain' }];
}

interface ViewProps {
  panel: OwnFieldProps['panel'];
  fields: Key[];
  run: Run;
  own: OwnFrame;
}

function View({ panel, fields, run, own }: ViewProps) {
  const [field] = fields;
  switch (panel.kind) {
    case 'lines':
      return <LineView fields={fields} own={own} />;
    case 'table':
    case 'media':
      return <MediaView field={field} own={own} />;
    case 'chart':
      return <PlotView field={field} own={own} />;
    case 'histogram': {
      const onView = (view: OwnPanel['view']) => savePanel({ ...panel, view });
      const frame = { ...own, view: panel.view, onView };
      return <HistogramView field={field} run={run} own={frame} />;
    }
  }
}

/** The page's scope with the chosen runs, hidden ones too; without a choice as it is. */
function useChosen(ids: string[] | undefined): Scope {
  const scope = useScope();
  return useMemo(() => {
    if (!ids) return scope;
    const { runs } = scope.workspace.store;
    return { ...scope, runs: computed(() => chosenRuns(ids, runs.value)) };
  }, [scope, ids?.join()]);
}
