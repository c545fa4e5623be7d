/** A histogram key as a panel: heatmap, ridgeline or percentiles of one run, or one step of all. */

import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Key, Run } from '../../api/types';
import { HeatPanel } from '../../charts/histograms/heatPanel';
import { PercentilePanel } from '../../charts/histograms/percentilePanel';
import { RidgePanel } from '../../charts/histograms/ridgePanel';
import { StepPanel } from '../../charts/histograms/stepPanel';
import { keyTitle } from '../../math/keyTitle';
import type { Callbacks, HeatOptions, Note, StepOptions, ValueOptions } from '../../model/types';
import { explore, prefetchExplore } from '../../state/explore';
import { downloadHistograms } from '../../state/histograms/download';
import { eventAxis, eventZoomOf, setEventZoom } from '../../state/histograms/eventAxis';
import { openFocus } from '../../state/histograms/focus';
import type { EventSeries } from '../../state/histograms/histograms';
import { chartSeries, eventAtStep, overlayOf, tableOf } from '../../state/histograms/singleEvents';
import { panelId } from '../../state/panelIds';
import { colorOf, cssColor } from '../../state/runs/visibility';
import {
  formatSpan,
  histogramView,
  panelSettings,
  parseSpan,
  setPanel,
  type HistogramView as View,
} from '../../state/view/view';
import { useHistograms } from '../../state/workspace/hooks';
import { hover, pinned, reportMoment } from '../../state/workspace/moment';
import { useScope } from '../../state/workspace/workspace';
import { ChartBox, type PanelId } from '../panel/ChartBox';
import { PanelName } from '../panel/KeyName';
import type { OwnFrame } from '../panel/ownFrame';
import { Panel } from '../panel/Panel';
import { NameOf } from '../widgets/NameOf';
import { AxisBadge, HistogramActions } from './HistogramActions';

interface HistogramViewProps {
  field: Key;
  /** The run whose events over time are shown. */
  run: Run;
  own?: OwnHistogram;
  /** The key's name, as short as there is room. */
  short?: string;
}

/** Of an added panel: its view is a part of the panel. */
interface OwnHistogram extends OwnFrame {
  view: View | undefined;
  onView(view: View): void;
}

export function HistogramView({ field, run, own, short }: HistogramViewProps) {
  const { runs, single } = useScope();
  const id = own?.id ?? panelId(field);
  const title = own?.title ?? keyTitle(field.key);
  const view = own?.view ?? panelSettings(id).view ?? histogramView.value;
  const everyRun = !single && panelSettings(id).all === '1';
  const compared =
    view === 'step' || everyRun ? runs.value.filter(({ uid }) => field.runs.includes(uid)) : [];
  const shown = compared.length > 0 ? compared : [run];
  const loaded = useHistograms(shown.map(({ uid }) => ({ run: uid, key: field.key })));
  const notes = useSignal<Note[]>([]);
  const onNotes = (drawn: Note[]) => (notes.value = drawn);
  const panel = { id, kind: view, key: field.key, runs: shown.map(({ uid }) => uid) };
  const series = loaded.values.find(({ spec }) => spec.run === run.uid) ?? loaded.values[0];
  const overTime = series && view !== 'step';
  const open = () => openFocus(field.key, run.uid, null);
  const openPlotly = () => series && explore(exploreEvents(field.key, series, run));
  return (
    <Panel
      label={title}
      title={
        <button
          type="button"
          class="keyname"
          onClick={open}
          aria-label={title}
          title={`Open ${title}`}
        >
          <PanelName name={field.key} given={own?.name ?? short} />
        </button>
      }
      controls={
        overTime && (
          <>
            {(own || !single) && !everyRun && <Owner run={run} />}
            <AxisBadge axis={eventAxis(id)} events={series.events} />
          </>
        )
      }
      drawnNotes={notes}
      loading={loaded.waiting > 0}
      error={loaded.error}
      actions={
        <span class="row" onPointerEnter={prefetchExplore}>
          <HistogramActions
            id={id}
            title={title}
            events={series?.events ?? null}
            view={view}
            onView={own?.onView ?? ((next) => setView(id, next))}
            open={open}
            explore={openPlotly}
            csv={() => downloadHistograms(title, loaded.values, shown)}
          />
          {own?.actions}
        </span>
      }
    >
      {!single && view === 'step' && <Legend runs={shown} />}
      {loaded.values.length > 0 && view === 'step' && (
        <Steps panel={panel} all={loaded.values} runs={shown} onNotes={onNotes} />
      )}
      {overTime && !everyRun && (
        <OverTime of={id} panel={panel} view={view} series={series} run={run} onNotes={onNotes} />
      )}
      {overTime && everyRun && (
        <Multiples of={id} keyName={field.key} view={view} all={loaded.values} runs={shown} />
      )}
    </Panel>
  );
}

/** Whose histogram it is. */
function Owner({ run }: { run: Run }) {
  return (
    <span class="owner ell" style={{ '--c': cssColor(colorOf(run)) }} title={run.name}>
      <span class="dot" />
      <span class="ell">
        <NameOf name={run.name} />
      </span>
    </span>
  );
}

interface MultiplesProps {
  /** The panel whose settings hold for all of them. */
  of: string;
  keyName: string;
  view: Exclude<View, 'step'>;
  all: EventSeries[];
  runs: Run[];
}

/** Every shown run's histogram over time, small, with its name. */
function Multiples({ of, keyName, view, all, runs }: MultiplesProps) {
  return (
    <div class="multiples">
      {all.flatMap((series) => {
        const run = runs.find(({ uid }) => uid === series.spec.run);
        if (!run) return [];
        const panel = { id: `${of} ${run.uid}`, kind: view, key: keyName, runs: [run.uid] };
        return [
          <section key={run.uid} aria-label={run.name}>
            <Owner run={run} />
            <OverTime {...{ of, panel, view, series, run }} small onNotes={() => undefined} />
          </section>,
        ];
      })}
    </div>
  );
}

const setView = (id: string, view: View) =>
  setPanel(id, { view: view === histogramView.peek() ? null : view });

function exploreEvents(key: string, series: EventSeries, run: Run) {
  return {
    kind: 'heatmap' as const,
    title: `${keyTitle(key)} · ${run.name}`,
    events: series.events,
  };
}

function Legend({ runs }: { runs: Run[] }) {
  return (
    <div class="legend">
      {runs.slice(0, 4).map((run) => (
        <span key={run.uid} style={{ '--c': cssColor(colorOf(run)) }}>
          <span class="dot" />
          {run.name}
        </span>
      ))}
      {runs.length > 4 && <span class="dim">+ {runs.length - 4}</span>}
    </div>
  );
}

interface OverTimeProps {
  /** The panel whose settings hold. */
  of: string;
  panel: PanelId;
  /** Without the curve beside it. */
  small?: boolean;
  view: Exclude<View, 'step'>;
  series: EventSeries;
  run: Run;
  onNotes(notes: Note[]): void;
}

/** Value range of the panel: zoomed by the user, all, or the default one. */
export function valueOptions(id: string): ValueOptions {
  const { value, full, scale = 'linear' } = panelSettings(id);
  const span = parseSpan(value);
  return {
    scale,
    window: { min: span?.[0] ?? null, max: span?.[1] ?? null },
    full: full === '1',
  };
}

/** What a view over time changes in its panel's settings. */
export function zoomCallbacks(id: string): Callbacks {
  return {
    onZoom: (x0, x1) => setEventZoom(id, x0 === null || x1 === null ? null : [x0, x1]),
    onValueZoom: (v0, v1) =>
      setPanel(id, { value: v0 === null || v1 === null ? null : formatSpan([v0, v1]) }),
    onFull: (full) => setPanel(id, { full: full ? '1' : null }),
  };
}

function OverTime({ of: id, panel, view, series, run, small, onNotes }: OverTimeProps) {
  const { key } = panel;
  const data = useMemo(() => chartSeries(series, run), [series, run.name, colorOf(run)]);
  const axis = eventAxis(id);
  const zoom = eventZoomOf(id);
  const settings = panelSettings(id);
  const options = useMemo<HeatOptions>(
    () => ({
      x: { kind: axis, window: { min: zoom?.[0] ?? null, max: zoom?.[1] ?? null } },
      value: valueOptions(id),
      color: settings.color ?? 'log',
      margin: !small,
      pins: [],
    }),
    [id, small, axis, JSON.stringify(zoom), JSON.stringify(settings)],
  );
  const callbacks: Callbacks = {
    ...zoomCallbacks(id),
    onNotes,
    onPick: (index) => openFocus(key, run.uid, series.events.ordinal[index]),
    onMoment: (moment) => moment?.pinned || reportMoment(panel.id, moment),
  };
  const common = { data, panel, callbacks };
  if (view === 'ridgeline') return <ChartBox make={RidgePanel} options={options} {...common} />;
  if (view === 'percentiles') {
    return <ChartBox make={PercentilePanel} options={options} {...common} />;
  }
  return <ChartBox make={HeatPanel} options={options} {...common} />;
}

interface StepsProps {
  panel: PanelId;
  all: EventSeries[];
  runs: Run[];
  onNotes(notes: Note[]): void;
}

const STEP_OPTIONS: StepOptions = {
  draw: 'both',
  bandwidth: 1,
  y: 'auto',
  x: { scale: 'linear', window: { min: null, max: null } },
};

/** Every shown run at the moment that is hovered or pinned, else at its last event. */
function Steps({ panel, all, runs, onNotes }: StepsProps) {
  const moment = hover.value?.moment ?? pinned.value;
  const step = moment?.axis === 'step' ? moment.x : null;
  const indexes = all.map((series) => eventAtStep(series, step));
  const overlays = useMemo(
    () =>
      all.flatMap((series, i) => {
        const run = runs.find(({ uid }) => uid === series.spec.run);
        return run && indexes[i] >= 0 ? [overlayOf(run, tableOf(series).at(indexes[i]))] : [];
      }),
    [all, indexes.join(), runs.map(colorOf).join()],
  );
  return (
    <ChartBox
      make={StepPanel}
      data={overlays}
      options={STEP_OPTIONS}
      panel={panel}
      callbacks={{ onNotes }}
    />
  );
}
