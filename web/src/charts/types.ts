/**
 * What the chart classes take and give. Charts know no framework, no fetch and no URL: a component
 * makes one with `new Chart(host, options)`, feeds it with `set`, and calls `resize` and `destroy`.
 * All arrays of one line have the same length and are ordered by x.
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
  xMin: Float64Array;
  xMax: Float64Array;
  nan: Float64Array;
  posInf: Float64Array;
  negInf: Float64Array;
}

export interface Window {
  min: number | null;
  max: number | null;
}

export type XKind = 'step' | 'time' | 'runtime' | 'metric';
export type Aggregate = 'mean' | 'min' | 'max' | 'first' | 'last';

export interface LineOptions {
  x: { kind: XKind; log: boolean; window: Window };
  y: { log: boolean; window: Window; ignoreOutliers: boolean };
  aggregate: Aggregate;
  envelope: boolean;
  /** Range of x over all the data of the panel when not zoomed; smoothing depends on it. */
  xRange: number;
  highlighted: string | null;
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
}

/** A moment that every panel shows: hovered (transient) or pinned. */
export interface Moment {
  x: number;
  pinned: boolean;
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
