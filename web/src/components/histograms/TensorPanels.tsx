/** The first panels of a section of watched tensors: layer map, RMS of all, one layer's step. */

import { useSignal } from '@preact/signals';
import { useMemo, useState } from 'preact/hooks';
import type { Key, Run, TensorResponse } from '../../api/types';
import { LayerMap } from '../../charts/histograms/layerMap';
import { StepPanel } from '../../charts/histograms/stepPanel';
import { LinePanel } from '../../charts/lines/linePanel';
import { formatCount } from '../../math/numbers';
import type {
  Callbacks,
  Choice,
  LayerData,
  LayerOptions,
  LayerStatistic,
  Legend,
  LineOptions,
  Note,
  Smoothing,
} from '../../model/types';
import { downloadHistograms, downloadLayers } from '../../state/histograms/download';
import { setStepZoom, stepZoomOf } from '../../state/histograms/eventAxis';
import { openFocus } from '../../state/histograms/focus';
import { eventAtStep, overlayOf, tableOf } from '../../state/histograms/singleEvents';
import { chartTensor, rmsLines } from '../../state/histograms/tensors';
import { panelId } from '../../state/panelIds';
import { leavesOutliers, panelSettings, setParams } from '../../state/view/view';
import { useHistograms, useTensors } from '../../state/workspace/hooks';
import { LineActions } from '../lines/LineActions';
import { ChartBox } from '../panel/ChartBox';
import { KeyName } from '../panel/KeyName';
import { Panel } from '../panel/Panel';
import { PanelDownloads } from '../panel/PanelDownloads';
import { Select } from '../widgets/controls';

export interface Cell {
  key: string;
  x: number;
}

interface TensorPanelsProps {
  /** `gradients` or `parameters`. */
  name: string;
  run: Run;
  /** Runs that have these tensors, to choose from; one of them on a run's page. */
  candidates: Run[];
  fields: Key[];
}

export function TensorPanels({ name, run, candidates, fields }: TensorPanelsProps) {
  const prefix = `${name}/`;
  const loaded = useTensors(run.uid, prefix);
  const against = useTensors(name === 'gradients' ? run.uid : null, 'parameters/');
  const [cell, setCell] = useState<Cell | null>(null);
  const answer = loaded.values[0];
  const estimated = fields.some(({ watched }) => !watched);
  const common = { name, run, estimated, loading: loaded.waiting > 0, error: loaded.error };
  const chosen = cell ?? firstCell(answer, run);
  return (
    <>
      <MapPanel
        {...common}
        answer={answer}
        against={against.values[0]}
        candidates={candidates}
        cell={cell}
        onCell={setCell}
      />
      <RmsPanel {...common} answer={answer} />
      {chosen && fields.some(({ key }) => key === chosen.key) && (
        <CellPanel run={run} cell={chosen} />
      )}
    </>
  );
}

/** Before a cell is chosen: the first layer at the last step. */
function firstCell(answer: TensorResponse | undefined, run: Run): Cell | null {
  const tensor = answer?.tensors[0];
  return tensor ? { key: tensor.key, x: run.last_step ?? Number.POSITIVE_INFINITY } : null;
}

/** Statistics that the client has not sent are estimated. */
const FROM_BINS: Note[] = [{ text: 'from bins', tone: 'plain' }];

interface CommonProps {
  name: string;
  run: Run;
  /** Some tensors have no statistics of their own, only bins. */
  estimated: boolean;
  loading: boolean;
  error: ReturnType<typeof useTensors>['error'];
  answer: TensorResponse | undefined;
}

interface MapPanelProps extends CommonProps {
  against: TensorResponse | undefined;
  candidates: Run[];
  cell: Cell | null;
  onCell(cell: Cell): void;
}

const GRADIENT_STATISTICS: Choice<LayerStatistic>[] = [
  ['rms', 'log₁₀ RMS'],
  ['ratio', 'log₁₀ RMS ratio to weight'],
  ['zeros', 'Share of zeros'],
  ['nonFinite', 'Share of non-finite'],
];
const WEIGHT_STATISTICS = GRADIENT_STATISTICS.filter(([name]) => name !== 'ratio');

function MapPanel(props: MapPanelProps) {
  const { name, run, loading, error, answer, against, candidates, cell, onCell } = props;
  const { estimated } = props;
  const notes = useSignal<Note[]>([]);
  const [statistic, setStatistic] = useState<LayerStatistic>('rms');
  const data = useMemo<LayerData | null>(
    () =>
      answer
        ? {
            width: answer.grid.width,
            tensors: answer.tensors.map(chartTensor),
            against: against?.tensors.map(chartTensor) ?? [],
          }
        : null,
    [answer, against],
  );
  const options = useMemo<LayerOptions>(
    () => ({ statistic, x: { kind: 'step' }, chosen: cell }),
    [statistic, cell],
  );
  const id = panelId({ kind: 'layers', key: name });
  const legend = useSignal<Legend | null>(null);
  const callbacks: Callbacks = {
    onNotes: (drawn) => (notes.value = drawn),
    onLegend: (drawn) => (legend.value = drawn),
    onCell: (key, x) => onCell({ key, x }),
  };
  const statistics = name === 'gradients' ? GRADIENT_STATISTICS : WEIGHT_STATISTICS;
  return (
    <Panel
      label={`Layer map of ${name}`}
      title={<MapTitle run={run} candidates={candidates} />}
      notes={estimated ? FROM_BINS : []}
      drawnNotes={notes}
      loading={loading}
      error={error}
      legend={legend}
      actions={
        <PanelDownloads
          title={`Layer map of ${name}`}
          csv={() => downloadLayers(id, `Layer map of ${name}`, run)}
        />
      }
      controls={
        <Select
          plain
          label="Statistic"
          value={statistic}
          choices={statistics}
          onChange={(next) => setStatistic(next)}
        />
      }
    >
      {data && (
        <ChartBox
          make={LayerMap}
          data={data}
          options={options}
          panel={{ id, kind: 'layers', key: name, runs: [run.uid] }}
          callbacks={callbacks}
        />
      )}
    </Panel>
  );
}

function MapTitle({ run, candidates }: { run: Run; candidates: Run[] }) {
  const choices = candidates.map(({ uid, name }): Choice<string> => [String(uid), name]);
  return (
    <>
      <b class="bold">Layer map</b>
      {candidates.length > 1 && (
        <Select
          plain
          label="Run of the tensors"
          value={String(run.uid)}
          choices={choices}
          onChange={(uid) => setParams({ trun: uid }, 'push')}
        />
      )}
    </>
  );
}

const UNSMOOTHED: Smoothing = { kind: 'none', amount: 0, showOriginal: false };

function RmsPanel({ name, run, estimated, loading, error, answer }: CommonProps) {
  const notes = useSignal<Note[]>([]);
  const id = panelId({ kind: 'rms', key: name });
  const zoom = stepZoomOf(id);
  const settings = panelSettings(id);
  const lines = useMemo(() => (answer ? rmsLines(answer) : []), [answer]);
  const options = useMemo<LineOptions>(
    () => ({
      x: { kind: 'step', log: false, window: { min: zoom?.[0] ?? null, max: zoom?.[1] ?? null } },
      y: {
        log: settings.ylog !== '0',
        window: { min: null, max: null },
        ignoreOutliers: leavesOutliers(settings),
      },
      aggregate: 'mean',
      envelope: false,
      smoothing: UNSMOOTHED,
      xRange: answer ? answer.grid.count * answer.grid.width : 0,
      highlighted: null,
    }),
    [answer, JSON.stringify(zoom), JSON.stringify(settings), leavesOutliers(settings)],
  );
  const callbacks: Callbacks = {
    onNotes: (drawn) => (notes.value = drawn),
    onZoom: (x0, x1) => setStepZoom(id, x0 === null || x1 === null ? null : [x0, x1]),
  };
  const title = `RMS of all ${name}`;
  return (
    <Panel
      label={title}
      title={<KeyName name={title} />}
      notes={estimated ? FROM_BINS : []}
      drawnNotes={notes}
      loading={loading}
      error={error}
      actions={<LineActions id={id} title={title} lines={lines} x="step" statistic />}
    >
      <ChartBox
        make={LinePanel}
        data={lines}
        options={options}
        panel={{ id, kind: 'rms', key: name, runs: [run.uid] }}
        callbacks={callbacks}
      />
    </Panel>
  );
}

const STEP_OPTIONS = {
  draw: 'both',
  bandwidth: 1,
  y: 'auto',
  x: { scale: 'linear', window: { min: null, max: null } },
} as const;

/** The single step of the chosen cell of the map; a click opens it with its slider. */
function CellPanel({ run, cell }: { run: Run; cell: Cell }) {
  const loaded = useHistograms([{ run: run.uid, key: cell.key }]);
  const notes = useSignal<Note[]>([]);
  const series = loaded.values[0];
  const index = series ? eventAtStep(series, cell.x) : -1;
  const histogram = series && index >= 0 ? tableOf(series).at(index) : null;
  const overlays = useMemo(() => (histogram ? [overlayOf(run, histogram)] : []), [histogram, run]);
  const open = () => openFocus(cell.key, run.uid, histogram?.ordinal ?? null);
  return (
    <Panel
      label={`Single step of ${cell.key}`}
      title={
        <button type="button" class="keyname" onClick={open} title={`Open ${cell.key}`}>
          <KeyName name={cell.key} />
        </button>
      }
      drawnNotes={notes}
      actions={
        <PanelDownloads
          title={`Single step of ${cell.key}`}
          csv={() => downloadHistograms(`Single step of ${cell.key}`, loaded.values, [run])}
        />
      }
      controls={histogram && <span class="badge">step {formatCount(histogram.step)}</span>}
      loading={loaded.waiting > 0}
      error={loaded.error}
    >
      <ChartBox
        make={StepPanel}
        data={overlays}
        options={STEP_OPTIONS}
        panel={{
          id: panelId({ kind: 'cell', key: cell.key }),
          kind: 'step',
          key: cell.key,
          runs: [run.uid],
        }}
        callbacks={{ onNotes: (drawn) => (notes.value = drawn) }}
      />
    </Panel>
  );
}
