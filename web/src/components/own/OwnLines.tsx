/** Several metrics of all shown runs in one panel. */

import { effect, untracked } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { LinePanel } from '../../charts/linePanel';
import type { Callbacks, Line, LineOptions, Note } from '../../charts/types';
import { metricLook } from '../../math/color';
import { keyTitle } from '../../math/keyTitle';
import { cascaded, setLineZoom, smoothingOf, windowOf, xAxisOf } from '../../state/cascade';
import { useSeries } from '../../state/hooks';
import { rangeOf, specOf, wholeLine, xKind, xOf } from '../../state/lines';
import type { OwnPanel } from '../../state/ownPanels';
import { logX, xLog } from '../../state/view';
import { useScope } from '../../state/workspace';
import { ChartBox } from '../ChartBox';

interface OwnLinesProps {
  panel: OwnPanel;
  onNotes(notes: Note[]): void;
}

export function OwnLines({ panel, onNotes }: OwnLinesProps) {
  const { workspace, runs } = useScope();
  const { keys } = workspace.store.catalogue.value;
  const fields = panel.keys.flatMap(
    (name) => keys.find(({ key, kind }) => key === name && kind === 'scalar') ?? [],
  );
  const x = fields.length > 0 ? xOf(workspace, fields[0], xAxisOf(panel.id)) : 'step';
  const pairs = fields.flatMap((field) =>
    runs.value.filter(({ uid }) => field.runs.includes(uid)).map((run) => ({ field, run })),
  );
  const loaded = useSeries(pairs.map(({ field, run }) => specOf(field, run, x, null)));
  const several = fields.length > 1;
  const lines = useMemo(
    () =>
      loaded.values.flatMap((series): Line[] => {
        const { run: uid, key } = series.spec;
        const run = runs.value.find((one) => one.uid === uid);
        if (!run || series.answer.n === 0) return [];
        const line = wholeLine(series, run);
        if (!several) return [line];
        return [
          {
            ...line,
            id: `${uid} ${key}`,
            label: `${run.name} · ${keyTitle(key)}`,
            ...metricLook(panel.keys.indexOf(key), runs.value.length, {
              slot: run.slot,
              color: line.color,
            }),
          },
        ];
      }),
    [loaded.values, runs.value, several],
  );
  const window = windowOf(panel.id, x);
  const settings = cascaded(panel.id);
  const range = rangeOf(loaded.values);
  const options = useMemo<LineOptions>(
    () => ({
      x: {
        ...xKind(x),
        log: logX(settings),
        window,
      },
      y: { log: settings.ylog === '1', window: { min: null, max: null }, ignoreOutliers: false },
      aggregate: 'mean',
      envelope: !several,
      smoothing: untracked(() => smoothingOf(panel.id)),
      xRange: range,
      highlighted: null,
    }),
    [x, range, several, JSON.stringify(window), JSON.stringify(settings), xLog.value],
  );
  const callbacks: Callbacks = {
    onNotes,
    onZoom: (x0, x1) => setLineZoom(panel.id, x, x0 === null || x1 === null ? null : [x0, x1]),
  };
  return (
    <ChartBox
      make={LinePanel}
      data={lines}
      options={options}
      panel={{
        id: panel.id,
        kind: 'line',
        key: panel.keys.join(' '),
        runs: runs.value.map(({ uid }) => uid),
      }}
      callbacks={callbacks}
      attach={(chart) => effect(() => chart.smooth(smoothingOf(panel.id)))}
    />
  );
}
