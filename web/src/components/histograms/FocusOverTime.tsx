/** The events of the open histogram over steps, batches or time, with A and B pinned in them. */

import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Key, Run } from '../../api/types';
import { HeatPanel } from '../../charts/histograms/heatPanel';
import { PercentilePanel } from '../../charts/histograms/percentilePanel';
import { RidgePanel } from '../../charts/histograms/ridgePanel';
import type { Callbacks, HeatOptions, Legend, Note, Pin } from '../../model/types';
import { eventAxis, eventZoomOf } from '../../state/histograms/eventAxis';
import { setCurrent } from '../../state/histograms/focus';
import type { EventSeries } from '../../state/histograms/histograms';
import { chartSeries } from '../../state/histograms/singleEvents';
import { panelId } from '../../state/panelIds';
import { colorOf } from '../../state/runs/visibility';
import { type HistogramView, panelSettings, params } from '../../state/view/view';
import { reportMoment } from '../../state/workspace/moment';
import { ChartBox } from '../panel/ChartBox';
import { NoteBadges } from '../panel/NoteBadges';
import { Ramp } from '../panel/Ramp';
import { AxisBadge } from './HistogramActions';
import { valueOptions, zoomCallbacks } from './HistogramView';

interface FocusOverTimeProps {
  field: Key;
  run: Run;
  series: EventSeries;
  view: Exclude<HistogramView, 'step'>;
  current: number;
  reference: number | null;
  onLayout(left: number, width: number): void;
}

export function FocusOverTime(props: FocusOverTimeProps) {
  const { field, run, series, view, current, reference, onLayout } = props;
  const notes = useSignal<Note[]>([]);
  const legend = useSignal<Legend | null>(null);
  const id = panelId(field);
  const color = colorOf(run);
  const data = useMemo(() => chartSeries(series, run), [series, run.name, color]);
  const axis = eventAxis(id);
  const zoom = eventZoomOf(id);
  const options = useMemo<HeatOptions>(
    () => ({
      x: { kind: axis, window: { min: zoom?.[0] ?? null, max: zoom?.[1] ?? null } },
      value: { ...valueOptions(id), scale: params.value.fscale === 'symlog' ? 'symlog' : 'linear' },
      color: panelSettings(id).color ?? 'log',
      margin: true,
      pins: pinsOf(current, reference, color),
    }),
    [
      id,
      axis,
      zoom?.join(),
      JSON.stringify(panelSettings(id)),
      params.value.fscale,
      current,
      reference,
      color,
    ],
  );
  const callbacks: Callbacks = {
    ...zoomCallbacks(id),
    onNotes: (drawn) => (notes.value = drawn),
    onLayout,
    onLegend: (drawn) => (legend.value = drawn),
    onPick: (index) => setCurrent(series.events.ordinal[index]),
    onMoment: (moment) => moment?.pinned || reportMoment(id, moment),
  };
  const panel = { id, kind: view, key: field.key, runs: [run.uid] };
  const common = { data, panel, callbacks, options };
  return (
    <div class="over">
      <div class="remark t11 dim">
        <AxisBadge axis={axis} events={series.events} />
        <NoteBadges notes={notes} />
        {view === 'heatmap' && <UnitRamp legend={legend} />}
      </div>
      {view === 'heatmap' && <ChartBox make={HeatPanel} {...common} />}
      {view === 'ridgeline' && <ChartBox make={RidgePanel} {...common} />}
      {view === 'percentiles' && <ChartBox make={PercentilePanel} {...common} />}
    </div>
  );
}

function UnitRamp({ legend }: { legend: ReadonlySignal<Legend | null> }) {
  return (
    <>
      {legend.value?.unit} <Ramp legend={legend.value} />
    </>
  );
}

function pinsOf(current: number, reference: number | null, color: string): Pin[] {
  const b = { index: current, label: 'B', color };
  return reference === null ? [b] : [{ index: reference, label: 'A', color: '--ref' }, b];
}
