/** A scalar key over all shown runs that have it: lines, or bars where each run has one point. */

import { effect, untracked, useSignal } from '@preact/signals';
import { useMemo, useState } from 'preact/hooks';
import type { Key, Run } from '../api/types';
import { LinePanel } from '../charts/linePanel';
import type { Callbacks, Line, LineOptions, Note, Window } from '../charts/types';
import { keyTitle } from '../math/keyTitle';
import { cascaded, setLineZoom, smoothingOf, windowOf, xAxisOf } from '../state/cascade';
import { useSeries } from '../state/hooks';
import { groupedLines, groupingOf, groupNote } from '../state/lineGroups';
import {
  rangeOf,
  spanIn,
  specOf,
  splicedLine,
  wholeLine,
  windowFor,
  xKind,
  xOf,
} from '../state/lines';
import type { Series } from '../state/series';
import { logX, type PanelSettings, parseRange, xLog } from '../state/view';
import { highlighted } from '../state/visibility';
import { useScope } from '../state/workspace';
import { ChartBox } from './ChartBox';
import { KeyName } from './KeyName';
import { LineActions } from './LineActions';
import type { Extended } from './LineExtras';
import { lazy } from './lazy';
import { Panel } from './Panel';

const Extras = lazy(() => import('./LineExtras').then((m) => m.LineExtras));
const LineDialog = lazy(() => import('./LineDialog').then((m) => m.LineDialog));
const Bars = lazy(() => import('./BarsView').then((m) => m.BarsView));

interface LineViewProps {
  field: Key;
  wide?: boolean;
}

export function LineView({ field, wide }: LineViewProps) {
  const { workspace, runs } = useScope();
  const id = `${field.kind} ${field.key}`;
  const shown = runs.value.filter((run) => field.runs.includes(run.uid));
  const x = xOf(workspace, field, xAxisOf(id));
  const window = windowOf(id, x);
  const [notes, setNotes] = useState<Note[]>([]);

  const whole = useSeries(shown.map((run) => specOf(field, run, x, null)));
  const span = spanIn(whole.values, window);
  const parts = useSeries(
    span
      ? whole.values.flatMap((series) => {
          const run = shown.find(({ uid }) => uid === series.spec.run);
          const part = run && windowFor(series, span);
          return part ? [specOf(field, run, x, part)] : [];
        })
      : [],
  );
  const settings = cascaded(id);
  const own = useLines(whole.values, parts.values, shown);
  const grouping = groupingOf(settings);
  const all = workspace.store.runs.value;
  const logged = useMemo(
    () =>
      grouping
        ? groupedLines(own, shown, all, grouping, { whole: whole.values, parts: parts.values })
        : own,
    [own, all, JSON.stringify(grouping)],
  );
  const [extended, setExtended] = useState<Extended | null>(null);
  const isExtended = Boolean(settings.expr || settings.legend);
  const extra = isExtended ? extended : null;
  const lines = extra?.lines ?? logged;
  const said = [
    ...(extra?.notes ?? []),
    ...(grouping ? [groupNote(grouping, logged.length, own.length)] : []),
    ...notes,
  ];
  const dialog = useSignal(false);
  const range = rangeOf(whole.values);
  const error = whole.error ?? parts.error;
  const waiting = whole.waiting + parts.waiting > 0;
  const actions = (
    <LineActions
      id={id}
      field={field}
      lines={lines}
      x={x}
      range={range}
      onExtend={() => (dialog.value = true)}
    />
  );
  const panel = { id, kind: 'line', key: field.key, runs: shown.map(({ uid }) => uid) };

  return (
    <Panel
      label={keyTitle(field.key)}
      title={<KeyName name={field.key} />}
      notes={said}
      actions={actions}
      loading={waiting && shown.length > 0}
      error={error}
      wide={wide}
    >
      {isExtended && (
        <Extras {...{ field, x, window, settings, grouping, logged }} onChange={setExtended} />
      )}
      {dialog.value && <LineDialog id={id} field={field} open={dialog} />}
      {shown.length === 0 ? (
        <Nobody field={field} />
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
          onNotes={setNotes}
        />
      )}
    </Panel>
  );
}

const onePointEach = (all: Series[]): boolean =>
  all.length > 0 && all.every(({ answer }) => answer.n === 1);

function useLines(whole: Series[], parts: Series[], shown: Run[]): Line[] {
  return useMemo(
    () =>
      shown.flatMap((run) => {
        const all = whole.find(({ spec }) => spec.run === run.uid);
        const part = parts.find(({ spec }) => spec.run === run.uid);
        if (!all || all.answer.n === 0) return [];
        return [part?.spec.window ? splicedLine(all, part, run) : wholeLine(all, run)];
      }),
    [whole, parts, shown.map(({ uid, name, color, slot }) => [uid, name, color, slot]).join()],
  );
}

interface LinesProps {
  panel: { id: string; kind: string; key: string; runs: number[] };
  lines: Line[];
  x: string;
  window: Window;
  range: number;
  settings: PanelSettings;
  onNotes(notes: Note[]): void;
}

function Lines({ panel, lines, x, window, range, settings, onNotes }: LinesProps) {
  const options = useMemo<LineOptions>(
    () => ({
      x: {
        ...xKind(x),
        log: logX(settings),
        window,
      },
      y: {
        log: settings.ylog === '1',
        window: parseRange(settings.yrange),
        ignoreOutliers: settings.outliers === '1',
      },
      aggregate: settings.aggregate ?? 'mean',
      envelope: settings.envelope !== '0',
      smoothing: untracked(() => smoothingOf(panel.id)),
      xRange: range,
      highlighted: null,
    }),
    [x, range, JSON.stringify(window), JSON.stringify(settings), xLog.value],
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

function Nobody({ field }: { field: Key }) {
  const { workspace } = useScope();
  const names = workspace.store.byUid.value;
  const owners = field.runs.flatMap((uid) => names.get(uid)?.name ?? []);
  return (
    <div class="message">
      <span>None of the shown runs logs this key.</span>
      <span class="mid ell">
        {owners.length} hidden {owners.length === 1 ? 'run does' : 'runs do'}: {owners.join(', ')}
      </span>
    </div>
  );
}
