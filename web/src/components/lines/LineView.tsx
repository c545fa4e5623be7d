/** Metrics over all shown runs that have them: lines, or bars where each has one point. */

import { effect, type ReadonlySignal, untracked, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Key, Run } from '../../api/types';
import { LinePanel } from '../../charts/lines/linePanel';
import { fieldTitle } from '../../math/keyTitle';
import { formatCount } from '../../math/numbers';
import { systemMetric } from '../../math/systemMetrics';
import type {
  AlertMark,
  AxisTitles,
  Callbacks,
  Line,
  LineOptions,
  Note,
  Window,
} from '../../model/types';
import { alerts, marksOf } from '../../state/alerts';
import {
  cascaded,
  inherited,
  setLineZoom,
  smoothingOf,
  windowOf,
  xAxisOf,
} from '../../state/lines/cascade';
import { type Grouping, groupingOf, groupNote, membersOf } from '../../state/lines/lineGroups';
import { rangeOf, spanIn, specOf, windowFor, xKind, xName, xOf } from '../../state/lines/lines';
import {
  countOf,
  drawnLines,
  type Fetched,
  linesOfRuns,
  type MetricLines,
  ownersOf,
} from '../../state/lines/metricLines';
import type { Series } from '../../state/lines/series';
import { panelId } from '../../state/panelIds';
import { colorOf, dashOf, highlighted } from '../../state/runs/visibility';
import {
  leavesOutliers,
  logX,
  type PanelSettings,
  panelSettings,
  parseRange,
  setPanel,
  xAxis,
  xLog,
} from '../../state/view/view';
import { useExtended } from '../../state/workspace/extended';
import { useSeries } from '../../state/workspace/hooks';
import { useScope, type Workspace } from '../../state/workspace/workspace';
import { ChartBox } from '../panel/ChartBox';
import { PanelName } from '../panel/KeyName';
import type { OwnFrame } from '../panel/ownFrame';
import { Panel } from '../panel/Panel';
import { lazy } from '../widgets/lazy';
import { LineActions } from './LineActions';

const LineLegend = lazy(() => import('./LineLegend').then((m) => m.LineLegend));
const LineDialog = lazy(() => import('./LineDialog').then((m) => m.LineDialog));
const Bars = lazy(() => import('./BarsView').then((m) => m.BarsView));

interface LineViewProps {
  /** At least one, all of one kind; x is that of the first one. */
  fields: Key[];
  /** The key that the panel is called by; the first one if not given. */
  of?: Key;
  own?: OwnFrame;
}

export function LineView({ fields, of = fields[0], own }: LineViewProps) {
  const { workspace, runs } = useScope();
  const [first] = fields;
  const id = own?.id ?? panelId(of);
  const given = own?.name ?? panelSettings(id).title;
  const title = own?.title ?? given ?? fieldTitle(of);
  const shown = ownersOf(fields, runs.value);
  const x = xOf(workspace, first, xAxisOf(id));
  const window = windowOf(id, x);
  const drawnNotes = useSignal<Note[]>([]);

  const whole = useSeries(
    fields.flatMap((field) => ownersOf([field], shown).map((run) => specOf(field, run, x, null))),
  );
  const span = spanIn(whole.values, window);
  const parts = useSeries(
    span
      ? whole.values.flatMap((series) => {
          const part = windowFor(series, span);
          return part ? [{ ...series.spec, window: part }] : [];
        })
      : [],
  );
  const settings = cascaded(id);
  const { ofRuns, logged } = useLogged(
    fields,
    { whole: whole.values, parts: parts.values },
    settings,
  );
  const grouping = groupingOf(settings);
  const extra = useExtended({ fields, x, window, settings, grouping, logged });
  const drawn = useMemo(() => logged.flatMap((metric) => metric.lines), [logged]);
  const lines = extra?.lines ?? drawn;
  const said = [
    ...damageNote([...whole.values, ...parts.values]),
    ...(own?.notes ?? []),
    ...(extra?.notes ?? []),
    ...(grouping ? [noteOf(grouping, { ofRuns, logged }, runs.value)] : []),
  ];
  const dialog = useSignal(false);
  const range = rangeOf(whole.values);
  const error = whole.error ?? parts.error;
  const waiting = whole.waiting + parts.waiting > 0;
  const actions = (
    <>
      <LineActions
        id={id}
        title={title}
        lines={lines}
        x={x}
        range={range}
        onExtend={() => (dialog.value = true)}
      />
      {own?.actions}
    </>
  );
  const key = fields.map((field) => field.key).join(' ');
  const panel = { id, kind: 'line', key, runs: shown.map(({ uid }) => uid) };

  return (
    <Panel
      label={title}
      title={<PanelName name={fieldTitle(of)} given={given} />}
      notes={said}
      drawnNotes={drawnNotes}
      controls={<OutlierOffer id={id} notes={drawnNotes} />}
      actions={actions}
      loading={waiting && shown.length > 0}
      error={error}
    >
      {extra && <LineLegend lines={extra.lines} />}
      {dialog.value && (
        <LineDialog
          id={id}
          title={title}
          titled={own === undefined}
          fields={fields}
          open={dialog}
        />
      )}
      {shown.length === 0 ? (
        <Nobody fields={fields} />
      ) : onePointEach(whole.values) && !waiting ? (
        <Bars lines={lines} panel={panel} log={settings.ylog === '1'} />
      ) : (
        <Lines
          panel={panel}
          lines={lines}
          x={x}
          window={window}
          range={range}
          settings={settings}
          alerts={marksOf(alerts.value, xKind(x).kind)}
          percent={first.kind === 'system' && systemMetric(first.key).percent}
          titles={{ x: settings.xtitle ?? xTitle(workspace, first, x), y: settings.ytitle ?? '' }}
          onNotes={(notes) => (drawnNotes.value = notes)}
        />
      )}
    </Panel>
  );
}

/** What a panel offers whose scale few lines have set. */
/** What is left out of the lines, since the server can't read it. */
function damageNote(found: { answer: { damaged?: number } }[]): Note[] {
  const damaged = Math.max(0, ...found.map(({ answer }) => answer.damaged ?? 0));
  if (damaged === 0) return [];
  const blocks = damaged === 1 ? '1 block' : `${formatCount(damaged)} blocks`;
  return [{ text: `${blocks} of this series can't be read`, tone: 'bad' }];
}

function OutlierOffer({ id, notes }: { id: string; notes: ReadonlySignal<Note[]> }) {
  if (!notes.value.some(({ offers }) => offers === 'outliers')) return null;
  const ignore = () => setPanel(id, { outliers: leavesOutliers(inherited(id)) ? null : '1' });
  return (
    <button type="button" class="badge offer" onClick={ignore}>
      Ignore outliers
    </button>
  );
}

/** Of which runs the lines of groups are. */
function noteOf(grouping: Grouping, { ofRuns, logged }: Drawn, shown: Run[]): Note {
  const ids = new Set(ofRuns.flatMap(({ lines }) => lines.map(({ id }) => id)));
  const drawn = shown.filter(({ uid }) => ids.has(String(uid)));
  const members = membersOf(drawn, shown, grouping);
  return groupNote(grouping, countOf(logged), drawn.length, members);
}

/** What x is, where the toolbar does not say it. */
function xTitle(workspace: Workspace, field: Key, x: string): string {
  const common = xOf(workspace, field, xAxis.value);
  const defined = xAxis.value === 'auto' && xKind(x).kind === 'metric';
  return defined || x !== common ? xName(x) : '';
}

const onePointEach = (all: Series[]): boolean =>
  all.length > 0 && all.every(({ answer }) => answer.n === 1);

interface Drawn {
  ofRuns: MetricLines[];
  logged: MetricLines[];
}

/** The lines of the metrics: of each run, and as they are drawn, of groups where runs are grouped. */
function useLogged(fields: Key[], fetched: Fetched, settings: PanelSettings): Drawn {
  const { workspace, runs } = useScope();
  const { whole, parts } = fetched;
  const shown = ownersOf(fields, runs.value);
  const looks = shown.map((run) => [run.uid, run.name, colorOf(run), dashOf(run)]).join();
  const keys = fields.map(({ key }) => key).join();
  const ofRuns = useMemo(() => linesOfRuns(fields, shown, fetched), [whole, parts, looks, keys]);
  const grouping = groupingOf(settings);
  const all = workspace.store.runs.value;
  const logged = useMemo(
    () => drawnLines(ofRuns, runs.value, all, grouping, fetched),
    [ofRuns, all, runs.value.length, JSON.stringify(grouping)],
  );
  return { ofRuns, logged };
}

interface LinesProps {
  panel: { id: string; kind: string; key: string; runs: number[] };
  lines: Line[];
  x: string;
  window: Window;
  range: number;
  settings: PanelSettings;
  alerts: AlertMark[];
  percent: boolean;
  titles: AxisTitles;
  onNotes(notes: Note[]): void;
}

/** Shares of all there is are drawn from 0 to 100, as long as none is above it. */
function yWindow(settings: PanelSettings, percent: boolean, lines: Line[]): Window {
  const typed = parseRange(settings.yrange);
  const log = settings.ylog === '1';
  const isWhole = percent && !log && lines.every(({ max }) => max.every((value) => !(value > 100)));
  return isWhole ? { min: typed.min ?? 0, max: typed.max ?? 100 } : typed;
}

function Lines(props: LinesProps) {
  const { panel, lines, x, window, range, settings, alerts, percent, titles, onNotes } = props;
  const yRange = yWindow(settings, percent, lines);
  const options = useMemo<LineOptions>(
    () => ({
      titles,
      alerts,
      x: {
        ...xKind(x),
        log: logX(settings),
        window,
      },
      y: {
        log: settings.ylog === '1',
        window: yRange,
        ignoreOutliers: leavesOutliers(settings),
      },
      aggregate: settings.aggregate ?? 'mean',
      envelope: settings.envelope !== '0',
      smoothing: untracked(() => smoothingOf(panel.id)),
      xRange: range,
      highlighted: null,
    }),
    [
      x,
      range,
      JSON.stringify(window),
      JSON.stringify(settings),
      titles.x,
      JSON.stringify(alerts),
      JSON.stringify(yRange),
      xLog.value,
      leavesOutliers(settings),
    ],
  );
  const attach = (chart: LinePanel) => {
    const stop = effect(() => {
      chart.smooth(smoothingOf(panel.id));
    });
    const release = effect(() => {
      chart.highlight(highlighted.value === null ? null : String(highlighted.value));
    });
    return () => {
      stop();
      release();
    };
  };
  const callbacks: Callbacks = {
    onNotes,
    onZoom: (x0, x1) => setLineZoom(panel.id, x, x0 === null || x1 === null ? null : [x0, x1]),
  };
  return (
    <ChartBox
      make={LinePanel}
      data={lines}
      options={options}
      panel={panel}
      callbacks={callbacks}
      attach={attach}
    />
  );
}

function Nobody({ fields }: { fields: Key[] }) {
  const { workspace } = useScope();
  const owners = ownersOf(fields, workspace.store.runs.value).map(({ name }) => name);
  return (
    <div class="message">
      <span>None of the shown runs logs {fields.length === 1 ? 'this key' : 'these keys'}.</span>
      <span class="mid ell">
        {owners.length} hidden {owners.length === 1 ? 'run does' : 'runs do'}: {owners.join(', ')}
      </span>
    </div>
  );
}
