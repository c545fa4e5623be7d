/** The first panels of a section of watched tensors: layer map, RMS of all, one layer's step. */

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Key, Run, TensorResponse } from '../../api/types';
import { LayerMap } from '../../charts/histograms/layerMap';
import { StepPanel } from '../../charts/histograms/stepPanel';
import { LinePanel } from '../../charts/lines/linePanel';
import { tellingNames } from '../../math/nameParts';
import { formatCount } from '../../math/numbers';
import {
  GOOD_RATIO,
  isRatio,
  kindOfTensor,
  kindsOf,
  linesTitle,
  statisticsOf,
} from '../../math/tensorKinds';
import type {
  Callbacks,
  Choice,
  LayerData,
  LayerOptions,
  LayerOrder,
  LayerStatistic,
  Legend,
  LineOptions,
  Note,
  Smoothing,
} from '../../model/types';
import { downloadHistograms, downloadLayers } from '../../state/histograms/download';
import { setStepZoom, stepZoomOf } from '../../state/histograms/eventAxis';
import { openFocus } from '../../state/histograms/focus';
import { rmsPicture } from '../../state/histograms/foldedLines';
import { useInOrder } from '../../state/histograms/networkOrder';
import { eventAtStep, overlayOf, tableOf } from '../../state/histograms/singleEvents';
import { chartTensor, DEPTH_COLORS, isTall, partNotes } from '../../state/histograms/tensors';
import { panelId } from '../../state/panelIds';
import { colorOf, userRegExp } from '../../state/runs/visibility';
import { leavesOutliers, panelSettings, setParams } from '../../state/view/view';
import { useHistograms, useTensors } from '../../state/workspace/hooks';
import { useScope } from '../../state/workspace/workspace';
import { LineActions } from '../lines/LineActions';
import { ChartBox } from '../panel/ChartBox';
import { KeyName, PanelName } from '../panel/KeyName';
import { Panel } from '../panel/Panel';
import { PanelDownloads } from '../panel/PanelDownloads';
import { SearchField, Segments, Select } from '../widgets/controls';

export interface Cell {
  key: string;
  x: number;
}

interface TensorPanelsProps {
  /** Of the section: a kind of tensors, `gradients` or another. */
  name: string;
  run: Run;
  /** Runs that have these tensors, to choose from; one of them on a run's page. */
  candidates: Run[];
  fields: Key[];
}

export function TensorPanels({ name, run, candidates, fields }: TensorPanelsProps) {
  const [kind, setKind] = useState(name);
  const loaded = useTensors(run.uid, `${kind}/`);
  const against = useTensors(kind === 'gradients' ? run.uid : null, 'parameters/');
  const [cell, setCell] = useState<Cell | null>(null);
  const estimated = fields.some(({ watched }) => !watched);
  const answer = useInOrder(loaded.values[0], run, estimated);
  const { options, statistic, search, toggle } = useMapOptions(kind, cell, answer);
  const common = { name, kind, run, estimated, loading: loaded.waiting > 0, error: loaded.error };
  const chosen = cell && kindOfTensor(cell.key) === kind ? cell : firstCell(answer, run);
  return (
    <>
      <div class="mapbar">
        <KindSwitch run={run} kind={kind} onKind={setKind} />
        {search}
      </div>
      <MapPanel
        {...common}
        answer={answer}
        against={against.values[0]}
        candidates={candidates}
        tall={isTall(fields)}
        options={options}
        controls={statistic}
        onCell={setCell}
        onFold={toggle}
      />
      <RmsPanel {...common} answer={answer} find={options.search} />
      {chosen && <CellPanel run={run} cell={chosen} short={shortName(chosen.key, fields)} />}
    </>
  );
}

/** A key with more letters is shortened to what tells it from the others of its section. */
const MOST_LETTERS = 32;

const shortName = (key: string, fields: Key[]): string | undefined =>
  key.length > MOST_LETTERS ? tellingNames(fields.map((field) => field.key)).get(key) : undefined;

/** Before a cell is chosen: the first layer at the last step. */
function firstCell(answer: TensorResponse | undefined, run: Run): Cell | null {
  const tensor = answer?.tensors[0];
  return tensor ? { key: tensor.key, x: run.last_step ?? Number.POSITIVE_INFINITY } : null;
}

/** Statistics that the client has not sent are estimated. */
const FROM_BINS: Note[] = [{ text: 'from bins', tone: 'plain' }];

interface CommonProps {
  name: string;
  /** What is shown, which a click changes. */
  kind: string;
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
  tall: boolean;
  options: LayerOptions;
  controls: ComponentChildren;
  onCell(cell: Cell): void;
  onFold(group: string): void;
}

/** From so many tensors on a map can be searched and sorted. */
const MANY_TENSORS = 30;

const ORDERS: Choice<LayerOrder>[] = [
  ['network', 'Order of the network'],
  ['movement', 'What moves most first'],
];

function MapPanel(props: MapPanelProps) {
  const { name, run, loading, error, answer, against, candidates, options, controls } = props;
  const { estimated } = props;
  const notes = useSignal<Note[]>([]);
  const legend = useSignal<Legend | null>(null);
  const id = panelId({ kind: 'layers', key: name });
  const data = useMemo(() => (answer ? layerData(answer, against) : null), [answer, against]);
  const callbacks: Callbacks = {
    onNotes: (drawn) => (notes.value = drawn),
    onLegend: (drawn) => (legend.value = drawn),
    onCell: (key, x) => props.onCell({ key, x }),
    onFold: props.onFold,
  };
  return (
    <Panel
      label={`Layer map of ${name}`}
      title={<MapTitle run={run} candidates={candidates} />}
      notes={[...(estimated ? FROM_BINS : []), ...partNotes(answer)]}
      drawnNotes={notes}
      loading={loading}
      error={error}
      tall={props.tall}
      legend={legend}
      wide
      actions={
        <PanelDownloads
          title={`Layer map of ${name}`}
          axes={{ x: 'Step', y: '' }}
          names={[{ label: run.name, color: colorOf(run) }]}
          csv={() => downloadLayers(id, `Layer map of ${name}`, run)}
        />
      }
      controls={controls}
    >
      {data && (
        <ChartBox
          make={LayerMap}
          data={data}
          options={options}
          panel={{
            id,
            kind: 'layers',
            key: name,
            runs: [run.uid],
          }}
          callbacks={callbacks}
        />
      )}
    </Panel>
  );
}

function layerData(answer: TensorResponse, against: TensorResponse | undefined): LayerData {
  return {
    width: answer.grid.width,
    tensors: answer.tensors.map(chartTensor),
    against: against?.tensors.map(chartTensor) ?? [],
  };
}

/** What the user has chosen of the map, and the controls for it. */
function useMapOptions(kind: string, cell: Cell | null, answer: TensorResponse | undefined) {
  const choices = statisticsOf(kind);
  const [wanted, setStatistic] = useState<LayerStatistic>('rms');
  const [order, setOrder] = useState<LayerOrder>('network');
  const [text, setText] = useState('');
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const [statistic, label] = choices.find(([choice]) => choice === wanted) ?? choices[0];
  const pattern = userRegExp(text);
  const options = useMemo<LayerOptions>(
    () => ({
      statistic,
      label: label.replace(/^Share/, 'share'),
      middle: isRatio(kind) ? GOOD_RATIO : null,
      order,
      search: text ? pattern : null,
      unfolded,
      x: { kind: 'step' },
      chosen: cell,
    }),
    [kind, statistic, order, text, unfolded, cell],
  );
  const toggle = (group: string) => setUnfolded((before) => toggled(before, group));
  const many = (answer?.tensors.length ?? 0) >= MANY_TENSORS;
  const search = many && (
    <>
      <SearchField
        outlined
        label="Search layers (regex)"
        value={text}
        invalid={!pattern}
        onInput={setText}
      />
      <Select
        plain
        label="Order of layers"
        value={order}
        choices={ORDERS}
        onChange={(next) => setOrder(next)}
      />
    </>
  );
  const select = choices.length > 1 && (
    <Select
      plain
      label="Statistic"
      value={statistic}
      choices={choices}
      onChange={(next) => setStatistic(next)}
    />
  );
  return { options, statistic: select, search, toggle };
}

function toggled(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(names);
  if (!next.delete(name)) next.add(name);
  return next;
}

/** All kinds that are recorded of the run, one click apart. */
function KindSwitch({ run, kind, onKind }: { run: Run; kind: string; onKind(kind: string): void }) {
  const { keys } = useScope().workspace.store.catalogue.value;
  const kinds = useMemo(
    () =>
      kindsOf(
        keys.filter(({ watched, runs }) => watched && runs.includes(run.uid)).map(({ key }) => key),
      ),
    [keys, run.uid],
  );
  if (kinds.length < 2) return null;
  return <Segments label="Kind of tensors" value={kind} choices={kinds} onChange={onKind} />;
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

const GUIDE = { value: 10 ** GOOD_RATIO, label: '10⁻³' };

const DEPTH: Legend = {
  from: 'first layer',
  to: 'last layer',
  unit: 'the place of the tensor in the model',
  colors: DEPTH_COLORS,
};

interface RmsPanelProps extends CommonProps {
  /** What the lines are limited to. */
  find: RegExp | null;
}

function RmsPanel(props: RmsPanelProps) {
  const { name, kind, run, estimated, loading, error, answer, find } = props;
  const notes = useSignal<Note[]>([]);
  const id = panelId({ kind: 'rms', key: name });
  const zoom = stepZoomOf(id);
  const settings = panelSettings(id);
  const picture = useMemo(
    () => (answer ? rmsPicture(answer, find) : { lines: [], notes: [] }),
    [answer, find?.source],
  );
  const { lines } = picture;
  const options = useMemo<LineOptions>(
    () => ({
      x: { kind: 'step', log: false, window: { min: zoom?.[0] ?? null, max: zoom?.[1] ?? null } },
      y: {
        log: settings.ylog !== '0',
        window: { min: null, max: null },
        ignoreOutliers: leavesOutliers(settings),
      },
      aggregate: 'mean',
      envelope: true,
      smoothing: UNSMOOTHED,
      xRange: answer ? answer.grid.count * answer.grid.width : 0,
      highlighted: null,
      guide: isRatio(kind) ? GUIDE : undefined,
    }),
    [kind, answer, JSON.stringify(zoom), JSON.stringify(settings), leavesOutliers(settings)],
  );
  const callbacks: Callbacks = {
    onNotes: (drawn) => (notes.value = drawn),
    onZoom: (x0, x1) => setStepZoom(id, x0 === null || x1 === null ? null : [x0, x1]),
  };
  const legend = useSignal<Legend | null>(DEPTH);
  const title = linesTitle(kind);
  return (
    <Panel
      label={title}
      title={<KeyName name={title} />}
      notes={[...(estimated ? FROM_BINS : []), ...picture.notes]}
      drawnNotes={notes}
      legend={legend}
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
function CellPanel({ run, cell, short }: { run: Run; cell: Cell; short: string | undefined }) {
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
        <button
          type="button"
          class="keyname"
          onClick={open}
          aria-label={cell.key}
          title={`Open ${cell.key}`}
        >
          <PanelName name={cell.key} given={short} />
        </button>
      }
      drawnNotes={notes}
      actions={
        <PanelDownloads
          title={`Single step of ${cell.key}`}
          axes={{ x: 'Value', y: '' }}
          names={[{ label: run.name, color: colorOf(run) }]}
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
