/** A chart of `wandb.plot` over the shown runs at one step, or the table that it draws. */

import { useMemo, useState } from 'preact/hooks';
import { ApiError } from '../../api/client';
import type { Key, Run } from '../../api/types';
import type { Legend, Note } from '../../charts/types';
import type { PlotSpec } from '../../math/plotSpecs';
import { plotKind } from '../../math/plots';
import { useMediaRows } from '../../state/media';
import { plotTables, specOf, useTables } from '../../state/plots';
import { panelSettings, setPanel, setParams } from '../../state/view';
import { colorOf } from '../../state/visibility';
import { useScope } from '../../state/workspace';
import { Segments } from '../controls';
import { KeyName } from '../KeyName';
import { MediaBox } from '../media/MediaBox';
import { MediaSteps } from '../media/MediaSteps';
import { chosenStep, itemsAt, MediaView, notesOf, stepsOf } from '../media/MediaView';
import { Panel } from '../Panel';
import { PlotActions } from './PlotActions';
import { PlotChart } from './PlotChart';
import './plots.css';

const MOST_RUNS = 12;

export function PlotView({ field }: { field: Key }) {
  const { runs } = useScope();
  const owners = runs.value.filter(({ uid }) => field.runs.includes(uid));
  const spec = owners.map((run) => specOf(run, field.key)).find((found) => found !== undefined);
  if (!spec) return <MediaView field={field} />;
  return <Plot field={field} spec={spec} owners={owners} />;
}

interface PlotProps {
  field: Key;
  spec: PlotSpec;
  owners: Run[];
}

function Plot({ field, spec, owners }: PlotProps) {
  const id = `plot ${spec.key}`;
  const settings = panelSettings(id);
  const kind = plotKind(spec);
  const alike = owners.filter((run) => specOf(run, field.key)?.name === spec.name);
  const rows = useMediaRows(alike.slice(0, MOST_RUNS), field.key);
  const known = rows instanceof ApiError || !rows ? [] : rows;
  const steps = useMemo(() => stepsOf(known), [rows]);
  const at = chosenStep(field.key, steps);
  const shown = useMemo(() => (at === null ? [] : itemsAt(known, at)), [rows, at]);
  const loaded = useTables(shown);
  const looks = alike.map((run) => [run.uid, run.name, colorOf(run)].join()).join();
  const logged = loaded instanceof ApiError || !loaded ? [] : loaded;
  const tables = useMemo(
    () => (kind ? plotTables(logged, alike, spec) : []),
    [loaded, looks, JSON.stringify(spec)],
  );
  const [notes, setNotes] = useState<Note[]>([]);
  const [legend, setLegend] = useState<Legend | null>(null);
  const undrawn = undrawnReason(spec, tables);
  const asTable = undrawn !== null || settings.table === '1';
  const select = (step: number) =>
    setParams({ [`m.${field.key}`]: step === steps.at(-1) ? null : String(step) }, 'replace');
  const panel = { id, kind: kind ?? 'table', key: spec.key, runs: alike.map(({ uid }) => uid) };
  return (
    <Panel
      label={spec.key}
      title={<Title spec={spec} />}
      notes={[...notesOf(alike.length), ...otherNote(owners.length - alike.length), ...notes]}
      legend={asTable ? null : legend}
      controls={!asTable && kind === 'matrix' && <SharesSwitch id={id} spec={spec} />}
      loading={rows === null || (loaded === null && shown.length > 0)}
      error={rows instanceof ApiError ? rows : loaded instanceof ApiError ? loaded : null}
      actions={
        <PlotActions
          {...{ id, spec, tables, logged, asTable }}
          drawn={undrawn === null && tables.length > 0}
        />
      }
    >
      {undrawn && <p class="undrawn t12">{undrawn}</p>}
      {asTable ? (
        <MediaBox name={spec.key} shown={shown} single={alike.length === 1} />
      ) : tables.length > 0 ? (
        <PlotChart
          panel={panel}
          spec={spec}
          tables={tables}
          onNotes={setNotes}
          onLegend={setLegend}
        />
      ) : (
        <div class="plot" />
      )}
      {at !== null && <MediaSteps name={spec.key} steps={steps} at={at} onSelect={select} />}
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

/** The title that was logged before the key, or the key alone. */
function Title({ spec: { key, strings } }: { spec: PlotSpec }) {
  const { title } = strings;
  if (!title || title === key) return <KeyName name={key} />;
  return (
    <span class="k" title={`${title} · ${key}`}>
      <b>{title}</b> <i>{key}</i>
    </span>
  );
}

const SHARES = [
  ['counts', 'Counts'],
  ['shares', 'Row %'],
] as const;

function SharesSwitch({ id, spec }: { id: string; spec: PlotSpec }) {
  return (
    <Segments
      label={`Cells of ${spec.key}`}
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
