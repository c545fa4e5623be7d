/** A media key over the shown runs: at one step, the last value of each run up to it. */

import { signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Key } from '../../api/types';
import { keyTitle } from '../../math/keyTitle';
import type { Choice } from '../../model/types';
import {
  areTables,
  notesOf,
  type RunItems,
  readTables,
  useMediaMoment,
} from '../../state/media/mediaMoment';
import { panelId } from '../../state/panelIds';
import { exposePanel } from '../../state/panels';
import { downloadTables } from '../../state/runs/download';
import { attempt } from '../../state/toasts';
import { panelSettings, setPanel } from '../../state/view/view';
import { useScope } from '../../state/workspace/workspace';
import { PanelName } from '../panel/KeyName';
import type { OwnFrame } from '../panel/ownFrame';
import { Panel } from '../panel/Panel';
import { IconButton, Segments } from '../widgets/controls';
import { Dialog } from '../widgets/Dialog';
import { MediaBox } from './MediaBox';
import { MediaSteps } from './MediaSteps';
import { StackedTables } from './StackedTables';
import './media.css';

interface MediaViewProps {
  field: Key;
  own?: OwnFrame;
}

export function MediaView({ field, own }: MediaViewProps) {
  const id = own?.id ?? field.key;
  const { runs } = useScope();
  const title = own?.title ?? keyTitle(field.key);
  const owners = runs.value.filter(({ uid }) => field.runs.includes(uid));
  const { steps, at, shown, select, waiting, error } = useMediaMoment(id, field.key, owners);
  const large = useMemo(() => signal(false), []);
  const settingsId = own?.id ?? panelId({ kind: 'media', key: field.key });
  useExposed(settingsId, field, at, shown);
  const tables = areTables(shown);
  const several = tables && shown.length > 1;
  const body = (
    <>
      {several && panelSettings(settingsId).apart !== '1' ? (
        <StackedTables shown={shown} name={title} />
      ) : (
        <MediaBox name={title} shown={shown} single={owners.length === 1} large={large.value} />
      )}
      {at !== null && <MediaSteps name={title} steps={steps} at={at} onSelect={select} />}
    </>
  );
  return (
    <Panel
      label={title}
      title={<PanelName name={field.key} given={own?.name} />}
      notes={notesOf(owners.length)}
      loading={waiting}
      error={error}
      controls={several && <Arrangement id={settingsId} title={title} />}
      actions={
        <>
          {tables && (
            <IconButton
              icon="download"
              label={`Download ${title} as CSV`}
              small
              onClick={() => void downloadShown(title, shown)}
            />
          )}
          <IconButton
            icon="expand"
            label={`Explore ${title}`}
            small
            onClick={() => {
              large.value = true;
            }}
          />
          {own?.actions}
        </>
      }
    >
      {owners.length === 0 && <p class="message">None of the shown runs logs this key.</p>}
      {!large.value && body}
      <Dialog open={large} label={title} class="largemedia">
        <div class="head">
          <PanelName name={field.key} given={own?.name} />
          <div class="stretch" />
          <IconButton
            icon="x"
            label="Close"
            onClick={() => {
              large.value = false;
            }}
          />
        </div>
        {body}
      </Dialog>
    </Panel>
  );
}

const ARRANGEMENTS: readonly Choice<'together' | 'apart'>[] = [
  ['together', 'One table'],
  ['apart', 'Side by side'],
];

/** How the tables of several runs stand. */
function Arrangement({ id, title }: { id: string; title: string }) {
  return (
    <Segments
      label={`Tables of ${title}`}
      value={panelSettings(id).apart === '1' ? 'apart' : 'together'}
      choices={ARRANGEMENTS}
      onChange={(next) => setPanel(id, { apart: next === 'apart' ? '1' : null })}
    />
  );
}

const downloadShown = (title: string, shown: RunItems[]) =>
  attempt('The table could not be read', async () =>
    downloadTables(title, await readTables(shown)),
  );

/** What is on screen, for `window.lossboard.panels`. */
function useExposed(id: string, field: Key, at: number | null, shown: RunItems[]): void {
  const drawn = useRef<unknown>(null);
  drawn.current = {
    step: at,
    runs: shown.map(({ run, step, items }) => ({ run: run.run_id, step, items })),
  };
  useEffect(
    () =>
      exposePanel(id, () => {
        return { id, kind: 'media', key: field.key, runs: field.runs, data: drawn.current };
      }),
    [id],
  );
}
