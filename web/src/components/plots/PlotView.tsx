/** A chart of `wandb.plot` over the shown runs at one step, or the table that it draws. */

import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { ApiError } from '../../api/client';
import type { Key, Run } from '../../api/types';
import { keyTitle } from '../../math/keyTitle';
import type { PlotSpec } from '../../math/plotSpecs';
import { plotKind } from '../../math/plots';
import type { Legend, Note } from '../../model/types';
import { notesOf, useMediaMoment, useTables } from '../../state/media/mediaMoment';
import { plotTables, specOf } from '../../state/media/plots';
import { panelId } from '../../state/panelIds';
import { colorOf } from '../../state/runs/visibility';
import { panelSettings, setPanel } from '../../state/view/view';
import { useScope } from '../../state/workspace/workspace';
import { MediaBox } from '../media/MediaBox';
import { MediaSteps } from '../media/MediaSteps';
import { MediaView } from '../media/MediaView';
import { KeyName, PanelName } from '../panel/KeyName';
import type { OwnFrame } from '../panel/ownFrame';
import { Panel } from '../panel/Panel';
import { Segments } from '../widgets/controls';
import { PlotActions } from './PlotActions';
import { PlotChart } from './PlotChart';
import './plots.css';

interface PlotViewProps {
  /** Of the table that is drawn. */
  field: Key;
  own?: OwnFrame;
}

export function PlotView({ field, own }: PlotViewProps) {
  const { runs } = useScope();
  const owners = runs.value.filter(({ uid }) => field.runs.includes(uid));
  const spec = owners.map((run) => specOf(run, field.key)).find((found) => found !== undefined);
  if (!spec) return <MediaView field={field} own={own} />;
  return <Plot field={field} own={own} spec={spec} owners={owners} />;
}

interface PlotProps extends PlotViewProps {
  spec: PlotSpec;
  owners: Run[];
}

function Plot({ field, own, spec, owners }: PlotProps) {
  const id = own?.id ?? panelId({ kind: 'plot', key: spec.key });
  const name = own?.title ?? spec.key;
  const settings = panelSettings(id);
  const kind = plotKind(spec);
  const alike = owners.filter((run) => specOf(run, field.key)?.name === spec.name);
  const moment = useMediaMoment(own?.id ?? field.key, field.key, alike);
  const { steps, at, shown, select } = moment;
  const loaded = useTables(shown);
  const looks = alike.map((run) => [run.uid, run.name, colorOf(run)].join()).join();
  const logged = loaded instanceof ApiError || !loaded ? [] : loaded;
  const tables = useMemo(
    () => (kind ? plotTables(logged, alike, spec) : []),
    [loaded, looks, JSON.stringify(spec)],
  );
  const notes = useSignal<Note[]>([]);
  const legend = useSignal<Legend | null>(null);
  const undrawn = undrawnReason(spec, tables);
  const asTable = undrawn !== null || settings.table === '1';
  const panel = { id, kind: kind ?? 'table', key: spec.key, runs: alike.map(({ uid }) => uid) };
  return (
    <Panel
      label={name}
      title={<Title spec={spec} given={own?.name} />}
      notes={[...notesOf(alike.length), ...otherNote(owners.length - alike.length)]}
      drawnNotes={notes}
      legend={asTable ? undefined : legend}
      controls={!asTable && kind === 'matrix' && <SharesSwitch id={id} name={name} />}
      loading={moment.waiting || (loaded === null && shown.length > 0)}
      error={moment.error ?? (loaded instanceof ApiError ? loaded : null)}
      actions={
        <>
          <PlotActions
            {...{ id, name, spec, tables, logged, asTable }}
            drawn={undrawn === null && tables.length > 0}
          />
          {own?.actions}
        </>
      }
    >
      {undrawn && <p class="undrawn t12">{undrawn}</p>}
      {asTable ? (
        <MediaBox name={name} shown={shown} single={alike.length === 1} />
      ) : tables.length > 0 ? (
        <PlotChart
          panel={panel}
          spec={spec}
          tables={tables}
          onNotes={(drawn) => (notes.value = drawn)}
          onLegend={(drawn) => (legend.value = drawn)}
        />
      ) : (
        <div class="plot" />
      )}
      {at !== null && <MediaSteps name={name} steps={steps} at={at} onSelect={select} />}
    </Panel>
  );
}

/** Why only the table is shown; null where the chart is drawn. */
function undrawnReason(spec: PlotSpec, tables: ReturnType<typeof plotTables>): string | null {
  if (!plotKind(spec)) {
    return `This chart names the Vega specification “${spec.name}”, which is not drawn here: this is its table.`;
  }
  const missing = [...new Set(tables.flatMap(({ columns }) => columns.missing))];
  if (missing.length === 0) return null;
  const names = missing.map((name) => `“${name}”`).join(' and ');
  const columns = missing.length === 1 ? 'the column' : 'the columns';
  return `“${spec.name}” draws ${columns} ${names}, which this table does not have.`;
}

/** The title that the panel was given, else the one that was logged before the key, or the key alone. */
function Title({ spec: { key, strings }, given }: { spec: PlotSpec; given: string | undefined }) {
  const { title } = strings;
  if (given !== undefined && given !== keyTitle(key)) return <PanelName name={key} given={given} />;
  if (!title || title === key) return <KeyName name={key} />;
  return (
    <span class="keyname" title={`${title} · ${key}`}>
      <b>{title}</b> <i>{key}</i>
    </span>
  );
}

const SHARES = [
  ['counts', 'Counts'],
  ['shares', 'Row %'],
] as const;

function SharesSwitch({ id, name }: { id: string; name: string }) {
  return (
    <Segments
      label={`Cells of ${name}`}
      value={panelSettings(id).shares === '1' ? 'shares' : 'counts'}
      choices={SHARES}
      onChange={(next) => setPanel(id, { shares: next === 'shares' ? '1' : null })}
    />
  );
}

function otherNote(others: number): Note[] {
  if (others === 0) return [];
  const what = others === 1 ? '1 run logs another chart' : `${others} runs log other charts`;
  return [{ text: `${what} under this key`, tone: 'warn' }];
}
