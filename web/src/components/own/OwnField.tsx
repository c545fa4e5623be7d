/** An added panel of one key: its histograms or media, of the shown or of chosen runs. */

import { computed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { isMedia } from '../../math/media';
import { editPanel, type OwnPanel, savePanel } from '../../state/ownPanels';
import { type Scope, ScopeProvider, useScope } from '../../state/workspace';
import { IconButton } from '../controls';
import { HistogramView, MediaView } from '../fieldViews';
import { Panel } from '../Panel';

interface OwnFieldProps {
  panel: OwnPanel;
  title: string;
  onRemove(): void;
}

export function OwnField({ panel, title, onRemove }: OwnFieldProps) {
  const scope = useChosen(panel.runs);
  const field = scope.workspace.store.catalogue.value.keys.find(
    ({ key, kind, media }) =>
      key === panel.keys[0] && (panel.kind === 'media' ? isMedia(media) : kind === 'histogram'),
  );
  const run = scope.runs.value.find(({ uid }) => field?.runs.includes(uid));
  const actions = (
    <>
      <IconButton small icon="edit" label={`Edit ${title}`} onClick={() => editPanel(panel)} />
      <IconButton small icon="trash" label={`Remove ${title}`} onClick={onRemove} />
    </>
  );
  if (!field || !run) {
    return (
      <Panel label={title} title={<b class="k">{title}</b>} actions={actions}>
        <p class="message">
          {field ? 'None of the runs of this panel logs' : 'No run logs'} {panel.keys[0]}.
        </p>
      </Panel>
    );
  }
  const own = { id: panel.id, title, actions };
  return (
    <ScopeProvider value={scope}>
      {panel.kind === 'media' ? (
        <MediaView field={field} own={own} />
      ) : (
        <HistogramView
          field={field}
          run={run}
          own={{ ...own, view: panel.view, onView: (view) => savePanel({ ...panel, view }) }}
        />
      )}
    </ScopeProvider>
  );
}

/** The page's scope with the chosen runs, hidden ones too; without a choice as it is. */
function useChosen(ids: string[] | undefined): Scope {
  const scope = useScope();
  return useMemo(() => {
    if (!ids) return scope;
    const { runs } = scope.workspace.store;
    return { ...scope, runs: computed(() => runs.value.filter((run) => ids.includes(run.run_id))) };
  }, [scope, ids?.join()]);
}
