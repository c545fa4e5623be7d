/** The chart of each kind over the tables of the shown runs. */

import { useMemo } from 'preact/hooks';
import { StepPanel } from '../../charts/histograms/stepPanel';
import { LinePanel } from '../../charts/lines/linePanel';
import type { MatrixOptions } from '../../charts/others/matrixModel';
import { MatrixPanel } from '../../charts/others/matrixPanel';
import { type ScatterOptions, ScatterPanel } from '../../charts/others/scatterPanel';
import { counted } from '../../math/numbers';
import type { PlotSpec } from '../../math/plotSpecs';
import { isRoc, plotKind } from '../../math/plots';
import type {
  AxisTitles,
  BarOptions,
  Callbacks,
  Legend,
  LineOptions,
  Note,
  StepOptions,
} from '../../model/types';
import {
  axisTitles,
  barsOfRuns,
  linesOf,
  matricesOf,
  overlaysOf,
  type PlotTable,
  pointsOf,
} from '../../state/media/plots';
import { highlighted } from '../../state/runs/visibility';
import { formatSpan, panelSettings, parseSpan, setPanel } from '../../state/view/view';
import { BarsBox } from '../panel/BarsBox';
import { ChartBox, type PanelId } from '../panel/ChartBox';
import { LineNames, RunNames } from './PlotNames';

interface PlotChartProps {
  panel: PanelId;
  spec: PlotSpec;
  tables: PlotTable[];
  onNotes(notes: Note[]): void;
  onLegend(legend: Legend): void;
}

export function PlotChart(props: PlotChartProps) {
  switch (plotKind(props.spec)) {
    case 'line':
      return <Lines {...props} />;
    case 'scatter':
      return <Points {...props} />;
    case 'bars':
      return <Bars {...props} />;
    case 'histogram':
      return <Histograms {...props} />;
    case 'matrix':
      return <Matrices {...props} />;
    default:
      return null;
  }
}

const lit = (): string | null => (highlighted.value === null ? null : String(highlighted.value));

function light(id: string | null): void {
  highlighted.value = id === null ? null : Number(id);
}

/** Titles by value: a chart draws anew when its options are others. */
function useTitles({ spec, tables }: PlotChartProps): AxisTitles {
  const titles = axisTitles(spec, tables);
  return useMemo(() => titles, [titles.x, titles.y]);
}

function rowsNote(left: number): Note[] {
  if (left === 0) return [];
  const text = `${counted(left, 'row')} without finite numbers`;
  return [{ text, tone: 'warn' }];
}

/** These axes are of this chart alone: other panels know nothing of their moments. */
const ALONE: Callbacks = { onMoment: () => undefined };

function Lines(props: PlotChartProps) {
  const { panel, tables, onNotes } = props;
  const { data, left } = useMemo(() => linesOf(tables), [tables]);
  const titles = useTitles(props);
  const diagonal = isRoc(tables[0].columns);
  const zoom = parseSpan(panelSettings(panel.id).zoom);
  const options = useMemo<LineOptions>(
    () => ({
      titles,
      diagonal,
      x: {
        kind: 'metric',
        name: titles.x,
        log: false,
        window: { min: zoom?.[0] ?? null, max: zoom?.[1] ?? null },
      },
      y: { log: false, window: { min: null, max: null }, ignoreOutliers: false },
      aggregate: 'mean',
      envelope: false,
      smoothing: { kind: 'none', amount: 0, showOriginal: false },
      xRange: 0,
      highlighted: null,
    }),
    [titles, diagonal, JSON.stringify(zoom)],
  );
  const callbacks: Callbacks = {
    ...ALONE,
    onNotes: (notes) => onNotes([...rowsNote(left), ...notes]),
    onZoom: (x0, x1) =>
      setPanel(panel.id, { zoom: x0 === null || x1 === null ? null : formatSpan([x0, x1]) }),
  };
  return (
    <>
      <LineNames spec={props.spec} tables={tables} lines={data} />
      <ChartBox
        make={LinePanel}
        data={data}
        options={options}
        panel={panel}
        callbacks={callbacks}
      />
    </>
  );
}

function Points(props: PlotChartProps) {
  const { panel, tables, onNotes } = props;
  const points = useMemo(() => pointsOf(tables), [tables]);
  const titles = useTitles(props);
  const options = useMemo<ScatterOptions>(
    () => ({ titles, noun: 'points', log: { x: false, y: false }, highlighted: lit() }),
    [titles, lit()],
  );
  return (
    <>
      <RunNames tables={tables} />
      <ChartBox
        make={ScatterPanel}
        data={points}
        options={options}
        panel={panel}
        callbacks={{ onNotes, onNearest: light }}
      />
    </>
  );
}

function Bars(props: PlotChartProps) {
  const { panel, tables, onNotes } = props;
  const bars = useMemo(() => barsOfRuns(tables), [tables]);
  const titles = useTitles(props);
  const options = useMemo<BarOptions>(
    () => ({ log: false, highlighted: tables.length > 1 ? lit() : null, titles }),
    [titles, tables.length > 1, lit()],
  );
  const onNearest = tables.length > 1 ? light : undefined;
  return (
    <>
      <RunNames tables={tables} />
      <BarsBox
        name={panel.key}
        bars={bars}
        options={options}
        panel={panel}
        callbacks={{ onNotes, onNearest }}
      />
    </>
  );
}

function Histograms(props: PlotChartProps) {
  const { panel, tables, onNotes } = props;
  const { data, left } = useMemo(() => overlaysOf(tables), [tables]);
  const titles = useTitles(props);
  const span = parseSpan(panelSettings(panel.id).value);
  const several = tables.length > 1;
  const options = useMemo<StepOptions>(
    () => ({
      titles,
      draw: several ? 'both' : 'bars',
      bandwidth: 1,
      y: 'auto',
      x: { scale: 'linear', window: { min: span?.[0] ?? null, max: span?.[1] ?? null } },
    }),
    [titles, several, JSON.stringify(span)],
  );
  const callbacks: Callbacks = {
    onNotes: (notes) => onNotes([...rowsNote(left), ...notes]),
    onValueZoom: (v0, v1) =>
      setPanel(panel.id, { value: v0 === null || v1 === null ? null : formatSpan([v0, v1]) }),
  };
  return (
    <>
      <RunNames tables={tables} />
      <ChartBox
        make={StepPanel}
        data={data}
        options={options}
        panel={panel}
        callbacks={callbacks}
      />
    </>
  );
}

const LEAST_MATRIX_PIXELS = 224;

function Matrices({ panel, tables, onLegend }: PlotChartProps) {
  const matrices = useMemo(() => matricesOf(tables), [tables]);
  const shares = panelSettings(panel.id).shares === '1';
  const [actual, predicted] = tables[0].columns.names;
  const options = useMemo<MatrixOptions>(
    () => ({ shares, titles: { actual, predicted } }),
    [shares, actual, predicted],
  );
  const chart = (
    <ChartBox
      make={MatrixPanel}
      data={matrices}
      options={options}
      panel={panel}
      callbacks={{ onLegend }}
    />
  );
  if (matrices.length === 1) return chart;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
    <section class="plotscroll" tabIndex={0} aria-label={`Matrices of ${panel.key}`}>
      <div style={{ minWidth: `${matrices.length * LEAST_MATRIX_PIXELS}px` }}>{chart}</div>
    </section>
  );
}
