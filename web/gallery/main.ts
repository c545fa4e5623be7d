/** Every chart with generated data, ordinary and hard. `?theme=dark`; not part of the build. */

import { HeatPanel } from '../src/charts/histograms/heatPanel';
import { LayerMap } from '../src/charts/histograms/layerMap';
import { PercentilePanel } from '../src/charts/histograms/percentilePanel';
import { RidgePanel } from '../src/charts/histograms/ridgePanel';
import { StepPanel } from '../src/charts/histograms/stepPanel';
import { LinePanel } from '../src/charts/lines/linePanel';
import { BarsPanel } from '../src/charts/others/barsPanel';
import { HistogramTable } from '../src/math/histogram';
import type { HeatOptions, LineOptions, StepOptions, StepOverlay } from '../src/model/types';
import { cell, gallery } from './cell';
import { makeLine, makeSeries, makeTensors, STEPS } from './data';
import './gallery.css';

document.documentElement.dataset.theme =
  new URLSearchParams(location.search).get('theme') === 'dark' ? 'dark' : 'light';

const NONE = { min: null, max: null };

const lineOptions = (change: Partial<LineOptions> = {}): LineOptions => ({
  x: { kind: 'step', log: false, window: NONE },
  y: { log: false, window: NONE, ignoreOutliers: false },
  aggregate: 'mean',
  envelope: true,
  smoothing: { kind: 'twema', amount: 0.9, showOriginal: true },
  xRange: STEPS,
  highlighted: null,
  ...change,
});
const logY = { log: true, window: NONE, ignoreOutliers: false };

const names = [
  'r50-sgd-cosine',
  'r50-sgd-step',
  'r50-sgd-nowd',
  'r50-adamw-1e-3',
  'r50-adamw-3e-4',
  'r50-lamb-cosine',
];
const loss = names.map((label, slot) =>
  makeLine(
    {
      slot,
      label,
      from: 7,
      to: 1 + 0.25 * slot,
      noise: 0.06,
      end: slot === 3 ? 0.48 : 1,
      spikes: slot === 3 ? [[221, 9.417]] : slot === 1 ? [[742, 6.31]] : [],
      nanFrom: slot === 3 ? 478 : undefined,
    },
    11 + slot,
  ),
);
const raw = names.map((label, slot) =>
  makeLine(
    {
      slot,
      label,
      from: 4,
      to: 1.9,
      buckets: 115,
      perBucket: 1,
      noise: 0.18,
      end: slot === 3 ? 0.48 : 1,
    },
    70 + slot,
  ),
);
const many = Array.from({ length: 40 }, (_, slot) =>
  makeLine(
    {
      slot,
      label: `sweep-${slot}`,
      from: 5,
      to: 0.5 + 0.05 * slot,
      perBucket: 1,
      buckets: 300,
      noise: 0.1,
    },
    200 + slot,
  ),
);

cell('train/loss, 6 runs, log', LinePanel, loss, lineOptions({ y: logY }), { wide: 'two' });
cell('val/loss, raw points', LinePanel, raw, lineOptions());
cell(
  'one run',
  LinePanel,
  [loss[1]],
  lineOptions({ smoothing: { kind: 'twema', amount: 0.6, showOriginal: true } }),
);
cell('40 runs', LinePanel, many, lineOptions());
cell(
  'no smoothing, outliers ignored',
  LinePanel,
  loss.slice(0, 3),
  lineOptions({
    smoothing: { kind: 'none', amount: 0, showOriginal: true },
    y: { log: false, window: NONE, ignoreOutliers: true },
  }),
);
cell(
  'single points',
  LinePanel,
  [makeLine({ slot: 0, label: 'a', from: 1, to: 1, buckets: 1, perBucket: 1 }, 3)],
  lineOptions(),
);
cell('log x', LinePanel, raw, lineOptions({ x: { kind: 'step', log: true, window: NONE } }));
const dated = raw.map((line) => ({ ...line, x: line.x.map((step) => 1.7958e15 + step * 4e4) }));
const wallTime = { kind: 'time' as const, log: false, window: NONE };
cell('wall time', LinePanel, dated, lineOptions({ x: wallTime, xRange: STEPS * 4e4 }));
const zoom = { kind: 'step' as const, log: false, window: { min: 400_000, max: 700_000 } };
cell('zoomed', LinePanel, loss, lineOptions({ x: zoom }));
const wide = makeLine({ slot: 6, label: 'rank 0', from: 2e-7, to: 3e-9, noise: 0.4 }, 8);
cell('tiny values', LinePanel, [wide], lineOptions());
cell(
  'runtime',
  LinePanel,
  raw.map((line) => ({ ...line, x: line.x.map((v) => v / 20) })),
  lineOptions({ x: { kind: 'runtime', log: false, window: NONE }, xRange: STEPS / 20 }),
);

const heatOptions = (change: Partial<HeatOptions> = {}): HeatOptions => ({
  x: { kind: 'step', window: NONE },
  value: { scale: 'linear', window: NONE, full: false },
  color: 'log',
  margin: true,
  pins: [],
  ...change,
});
const gradients = makeSeries('gradients/layer1.0.conv2.weight', 1, { values: 2500 }, 5);
const heavy = makeSeries(
  'gradients/fc.weight',
  1,
  { heavy: 0.02, from: 1e-4, to: 2e-5, values: 4000 },
  9,
);
cell('gradients/layer1.0.conv2.weight', HeatPanel, gradients, heatOptions());
cell(
  'symlog',
  HeatPanel,
  gradients,
  heatOptions({ value: { scale: 'symlog', window: NONE, full: false } }),
);
cell(
  'non-finite',
  HeatPanel,
  makeSeries('broken', 3, { events: 300, nanFrom: 0.97, values: 1000 }, 3),
  heatOptions(),
);
cell(
  '40 events, 3 per step',
  HeatPanel,
  makeSeries('few', 0, { events: 40, perStep: 3, values: 2000 }, 4),
  heatOptions(),
);
cell(
  'constant',
  HeatPanel,
  makeSeries('constant', 0, { events: 40, constant: 1 }, 4),
  heatOptions(),
);
cell(
  'two pins',
  HeatPanel,
  gradients,
  heatOptions({
    pins: [
      { index: 40, label: 'A', color: '--ref' },
      { index: 320, label: 'B', color: '--c1' },
    ],
  }),
);
cell(
  'full range',
  HeatPanel,
  heavy,
  heatOptions({ value: { scale: 'linear', window: NONE, full: true } }),
);
cell('per event', HeatPanel, heavy, heatOptions({ color: 'event' }));
cell('linear', HeatPanel, heavy, heatOptions({ color: 'linear' }));

const stepOptions = (change: Partial<StepOptions> = {}): StepOptions => ({
  draw: 'both',
  bandwidth: 1,
  y: 'auto',
  x: { scale: 'linear', window: NONE },
  ...change,
});
const table = new HistogramTable(gradients.events);
const overlay = (index: number, color: string, reference = false): StepOverlay => ({
  id: String(index),
  label: `step ${index}`,
  color,
  reference,
  histogram: table.at(index),
});
cell(
  'single step, B against A',
  StepPanel,
  [overlay(320, '--c1'), overlay(40, '--ref', true)],
  stepOptions(),
  { wide: 'two' },
);
cell('alone, count', StepPanel, [overlay(20, '--c1')], stepOptions());
const heavyTable = new HistogramTable(heavy.events);
const heavyOverlay = { ...overlay(0, '--c4'), histogram: heavyTable.at(200) };
cell('heavy', StepPanel, [heavyOverlay], stepOptions());
cell(
  'heavy, zoomed',
  StepPanel,
  [heavyOverlay],
  stepOptions({ x: { scale: 'linear', window: { min: -2e-5, max: 2e-5 } } }),
);
cell(
  'heavy, symlog',
  StepPanel,
  [heavyOverlay],
  stepOptions({ x: { scale: 'symlog', window: NONE } }),
);

const overTime = {
  x: { kind: 'step' as const, window: NONE },
  value: { scale: 'linear' as const, window: NONE, full: false },
};
cell('ridgeline', RidgePanel, gradients, overTime, { height: 260 });
cell('percentiles', PercentilePanel, gradients, overTime, { height: 260 });
cell(
  'bars',
  BarsPanel,
  names.map((label, slot) => ({ id: label, label, color: `--c${slot}`, value: 0.3 + slot * 0.11 })),
  { log: false, highlighted: null },
  { height: 260 },
);
const wholeMap = {
  middle: null,
  order: 'network',
  search: null,
  unfolded: new Set<string>(),
} as const;
cell(
  'layer map',
  LayerMap,
  { width: 10000, tensors: makeTensors('gradients', 3), against: makeTensors('parameters', 5) },
  {
    ...wholeMap,
    statistic: 'rms',
    label: 'log₁₀ RMS',
    x: { kind: 'step' },
    chosen: { key: 'gradients/layer3.1.conv2.weight', x: 500000 },
  },
  { wide: 'two', height: 220 },
);
cell(
  'zeros',
  LayerMap,
  { width: 10000, tensors: makeTensors('gradients', 3), against: [] },
  {
    ...wholeMap,
    statistic: 'zeros',
    label: 'share of zeros',
    x: { kind: 'step' },
    chosen: null,
  },
  { height: 220 },
);

Object.assign(window, { gallery, galleryReady: true });
