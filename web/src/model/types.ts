/**
 * What the chart classes take and give. Charts know no framework, no fetch and no URL: a component
 * makes one with `new Chart(host, callbacks)`, feeds it with `set`, and calls `resize` and
 * `destroy`. All arrays of one line have the same length and are ordered by x.
 *
 * A colour is a CSS colour or the name of a custom property (`--c3`), resolved when it is drawn, so
 * that a change of theme needs no new data (`runColor` in `math/color.ts` gives the name of a slot).
 * Charts follow the theme by themselves.
 */

export type SmoothingKind = 'twema' | 'ema' | 'gaussian' | 'average' | 'none';

export interface Smoothing {
  kind: SmoothingKind;
  /** twema, ema: 0..1; gaussian: sigma in mean point spacings; average: points. */
  amount: number;
  showOriginal: boolean;
}

/** One line as buckets; raw points are buckets of count 1. NaN mean: no finite value in it. */
export interface Line {
  id: string;
  label: string;
  color: string;
  dash: number[];
  x: Float64Array;
  mean: Float64Array;
  min: Float64Array;
  max: Float64Array;
  first: Float64Array;
  last: Float64Array;
  count: Float64Array;
  finite: Float64Array;
  /** x of the first and the last point, of the minimum, the maximum and the first non-finite one. */
  xFirst: Float64Array;
  xLast: Float64Array;
  xMin: Float64Array;
  xMax: Float64Array;
  /** NaN where all values are finite. */
  xBad: Float64Array;
  nan: Float64Array;
  posInf: Float64Array;
  negInf: Float64Array;
  /** Raw points that the answer stands for (`in_window`). */
  points: number;
  /** Mean x distance of the whole line's raw points, zoomed or not: the unit of gaussian's sigma. */
  spacing: number;
  /** Of groups and computed lines: what min and max are. Only `minmax` are extremes of points. */
  spread?: 'minmax' | 'std' | 'sem' | 'quartiles' | 'none';
  /** Of a line of several runs: who is behind each of its points. */
  group?: GroupFacts;
  /** Steps that a later attempt of the run has logged again: older values are in the band alone. */
  again?: number;
  /** Of a computed line: the line that it is raised and faded with. */
  beside?: string;
}

/** A run of a group whose values end before those of the others, or begin after them. */
export interface PartialMember {
  label: string;
  /** x of its last (or first) value. */
  x: number;
  what: 'ends' | 'begins';
}

export interface GroupFacts {
  /** Runs in the group; not all of them need have the metric. */
  size: number;
  center: 'mean' | 'median' | 'min' | 'max';
  /** Runs that have a value at each point. */
  members: Float64Array;
  /** Standard deviation between them (n − 1). */
  deviation: Float64Array;
  partial: PartialMember[];
}

export interface Window {
  min: number | null;
  max: number | null;
}

/** `runtime`: since the run started; `process`: only while one of its processes ran. */
export type XKind = 'step' | 'time' | 'runtime' | 'process' | 'metric';
export type Aggregate = 'mean' | 'min' | 'max' | 'first' | 'last' | 'count';

/** What the axes are called, for charts that draw it; empty: nothing. */
export interface AxisTitles {
  x: string;
  y: string;
}

/** An alert of a run, at its place on the axis. */
export interface AlertMark {
  /** The run's line, or what its lines are raised with. */
  line: string;
  x: number;
  title: string;
  level: 'INFO' | 'WARN' | 'ERROR';
}

export interface LineOptions {
  titles?: AxisTitles;
  alerts?: AlertMark[];
  /** With the line of y = x, of chance in a ROC. */
  diagonal?: boolean;
  /** A value of y that is marked by a line across. */
  guide?: { value: number; label: string };
  /** `name`: what the tooltip calls x where it is not a step, e.g. the metric's name. */
  x: { kind: XKind; log: boolean; window: Window; name?: string };
  y: { log: boolean; window: Window; ignoreOutliers: boolean };
  aggregate: Aggregate;
  envelope: boolean;
  smoothing: Smoothing;
  /** Range of x over all the data of the panel when not zoomed; smoothing depends on it. */
  xRange: number;
  /** Hovered in a list: this line 2 px, the others at 35 %. */
  highlighted: string | null;
  /** Chosen for good: this line 2 px, the others as they are. */
  selected?: string | null;
}

/** Histogram events of one series, as `POST /api/query/histograms` answers. */
export interface HistogramEvents {
  ordinal: Float64Array;
  step: Float64Array;
  timeUs: Float64Array;
  batch: Float64Array;
  lo: Float64Array;
  hi: Float64Array;
  bins: Float64Array;
  n: Float64Array;
  nan: Float64Array;
  posInf: Float64Array;
  negInf: Float64Array;
  zeros: Float64Array;
  total: Float64Array;
  squares: Float64Array;
  flags: Float64Array;
  counts: Float64Array;
  edges: Float64Array;
  edged: Float64Array;
  magnitudeBins?: Float64Array;
  magnitudeKeys?: Float64Array;
  magnitudeCounts?: Float64Array;
  /** Absent where no event is of a part of its tensor. */
  parts?: Record<keyof TensorPart, Float64Array>;
}

/** Which part of a tensor an event is, as in `lossboard.wire.TensorPart`. */
export interface TensorPart {
  rank: number;
  ranks: number;
  part: number;
  parts: number;
  held: number;
  whole: number;
  unit: number;
  values: number;
  gradient: number;
  /** Of how many parts it was joined. */
  found: number;
}

/** One event of a series, cut out by `histogramAt` in `math/histogram.ts`. */
export interface Histogram {
  ordinal: number;
  step: number;
  timeUs: number;
  batch: number;
  lo: number;
  hi: number;
  counts: Float64Array;
  /** null: bins of equal width from lo to hi. */
  edges: Float64Array | null;
  n: number;
  nan: number;
  posInf: number;
  negInf: number;
  zeros: number;
  total: number;
  squares: number;
  flags: number;
  /** null: not recorded. */
  magnitude: { keys: Float64Array; counts: Float64Array } | null;
  /** null: of a whole tensor. */
  part: TensorPart | null;
}

export type HistogramAxis = 'step' | 'batch' | 'time';
export type ValueScale = 'linear' | 'symlog';
/** How counts become colours; `event`: as shares of the event's greatest count. */
export type HeatColor = 'log' | 'linear' | 'event';

/** Histograms of one key of one run over time, ready for a heatmap, ridgeline or percentiles. */
export interface HistogramSeries {
  id: string;
  label: string;
  color: string;
  events: HistogramEvents;
  /** Events stored in the window; more than `events` holds when they were strided. */
  total: number;
}

/** An event held by the user; A is always the reference (grey), B has the run's colour. */
export interface Pin {
  index: number;
  label: string;
  color: string;
}

export interface ValueOptions {
  scale: ValueScale;
  /** Nulls: the default range (99.86 % of each event, 99 % of the events), or all when `full`. */
  window: Window;
  full: boolean;
}

export interface HeatOptions {
  x: { kind: HistogramAxis; window: Window };
  value: ValueOptions;
  color: HeatColor;
  /** Curve of the hovered (else pinned, else last) event at the right, on the same value axis. */
  margin: boolean;
  pins: Pin[];
}

export interface RidgeOptions {
  x: { kind: HistogramAxis };
  value: ValueOptions;
  /** The slider below has the place that it has below a heatmap with a margin. */
  margin?: boolean;
  pins?: Pin[];
  /** About how many curves; 44 by default. */
  curves?: number;
}

export interface PercentileOptions {
  x: { kind: HistogramAxis; window: Window };
  value: ValueOptions;
  /** With the room at the right that a heatmap has for its curve, so that they share x. */
  margin?: boolean;
  pins?: Pin[];
}

/** One histogram in the single-step view. */
export interface StepOverlay {
  id: string;
  label: string;
  color: string;
  /** Drawn grey and thinner: what the others are compared with. */
  reference: boolean;
  histogram: Histogram;
}

export interface StepOptions {
  draw: 'bars' | 'kde' | 'both';
  /** Multiplies the bandwidth of the kernel density. */
  bandwidth: number;
  /** `auto`: density where several are compared, count for one alone. */
  y: 'auto' | 'count' | 'density';
  x: { scale: ValueScale; window: Window };
  titles?: AxisTitles;
}

/** One tensor of `POST /api/query/tensors`: columns per bucket of its grid. */
export interface Tensor {
  key: string;
  bucket: Float64Array;
  n: Float64Array;
  nan: Float64Array;
  posInf: Float64Array;
  negInf: Float64Array;
  zeros: Float64Array;
  squares: Float64Array;
  /** x of the first event with a non-finite value; NaN where there is none. */
  xBad: Float64Array;
}

export type LayerStatistic = 'rms' | 'ratio' | 'zeros' | 'nonFinite';

export interface LayerData {
  /** Bucket b spans [b, b + 1) times `width` on the x-axis. */
  width: number;
  tensors: Tensor[];
  /** The tensors that `ratio` divides by (the weights of the gradients), matched by name. */
  against: Tensor[];
}

/** Rows in the order of the network, or those first whose values move most over the steps. */
export type LayerOrder = 'network' | 'movement';

export interface LayerOptions {
  statistic: LayerStatistic;
  /** What the values are, for legend and tooltip. */
  label: string;
  /** log10 of the value in the middle of the scale, which then has two colours; null: one colour. */
  middle: number | null;
  order: LayerOrder;
  /** Tensors that are shown, unfolded; null: all. */
  search: RegExp | null;
  /** Names of the groups that are unfolded. */
  unfolded: ReadonlySet<string>;
  x: { kind: XKind | 'batch' };
  /** The cell that is shown beside the map. */
  chosen: { key: string; x: number } | null;
}

/** One bar: of a run, or of a class of values of a run. */
export interface Bar {
  id: string;
  label: string;
  color: string;
  value: number;
  /** The run, where the label names something else. */
  of?: string;
}

export interface BarOptions {
  log: boolean;
  highlighted: string | null;
  titles?: AxisTitles;
}

/**
 * A moment that every panel shows: hovered (transient) or pinned. Other axes ignore it. It is where
 * something was logged: a point, or the range from the first to the last point of a bucket.
 */
export interface Moment {
  x: number;
  /** Of a bucket: x of its first and last point; `x` lies in the middle. */
  range?: [from: number, to: number];
  axis: XKind | HistogramAxis;
  pinned: boolean;
}

/** What a panel's header says about what was left out or lies under the pointer. */
export interface Note {
  text: string;
  tone: 'plain' | 'warn' | 'bad';
  /** Worth saying only while the panel is hovered. */
  quiet?: boolean;
  /** What the panel offers to do about it. */
  offers?: 'outliers';
}

/** The ends of a colour ramp in words, for the header. */
export interface Legend {
  from: string;
  to: string;
  /** What the colours count: `Values per cell (log scale)`. */
  unit: string;
  /** The value between the two colours of a scale that has a middle. */
  middle?: string;
  /** Where the colours are not those of counts. */
  colors?: string[];
}

export interface Callbacks {
  /** Pointer moved to this moment (pinned: clicked); null: it left. */
  onMoment?(moment: Moment | null): void;
  /** Dragged to this window of x; nulls: reset by double click. */
  onZoom?(x0: number | null, x1: number | null): void;
  /** Dragged to this window of the value axis of a histogram view; nulls: reset. */
  onValueZoom?(v0: number | null, v1: number | null): void;
  /** Histogram views: double click without a zoom asks for the full (or default) value range. */
  onFull?(full: boolean): void;
  /** Clicked an event of a histogram view. */
  onPick?(index: number): void;
  /** Clicked a cell of the layer map. */
  onCell?(key: string, x: number): void;
  /** Clicked a row of the layer map that stands for a group of tensors. */
  onFold?(group: string): void;
  /** Parallel coordinates: dragged along an axis, 0..1; null: that axis, or all, without it. */
  onBrush?(axis: number | null, part: [from: number, to: number] | null): void;
  /** Pointer near this line, or null. */
  onNearest?(id: string | null): void;
  /** Heatmap and layer map: what the ramp's ends mean, after each paint. */
  onLegend?(legend: Legend): void;
  /** The heatmap's plot area in CSS pixels of the host: what shares its scale shares its pixels. */
  onLayout?(left: number, width: number): void;
  /** Replaces the notes in the header. */
  onNotes?(notes: Note[]): void;
}

export interface Chart<Data, Options> {
  set(data: Data, options: Options): void;
  resize(width: number, height: number): void;
  /** Shows the moment hovered in another panel; null clears it. */
  showMoment(moment: Moment | null): void;
  /** The numbers that are on screen now, for `window.lossboard.panels` and text alternatives. */
  drawn(): unknown;
  destroy(): void;
}

/** One of the values that a control offers, with its name. */
export type Choice<T extends string> = readonly [value: T, label: string];
