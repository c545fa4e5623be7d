/** Made-up data for the page of an empty server; nothing else uses it. */

import { constantColumn } from '../api/columns';
import type { HistogramEvents, HistogramSeries, Line } from '../model/types';

const POINTS = 250;
const EVENTS = 120;
const BINS = 64;
const SPAN = 1000;

/** The same noise at every visit: a linear congruential generator, uniform in −1..1. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 1073741824 - 1;
  };
}

export function exampleLine(): Line {
  const random = noise(7);
  const x = Float64Array.from({ length: POINTS }, (_, i) => (i * SPAN) / POINTS);
  const values = x.map(
    (step) => 0.22 + 2 * Math.exp(-step / 190) + 0.07 * random() * Math.exp(-step / 700),
  );
  const ones = new Float64Array(POINTS).fill(1);
  const zeros = new Float64Array(POINTS);
  const same = { mean: values, min: values, max: values, first: values, last: values };
  return {
    id: 'example',
    label: 'example',
    color: '--c0',
    dash: [],
    ...same,
    x,
    xFirst: x,
    xLast: x,
    xMin: x,
    xMax: x,
    xBad: constantColumn(Number.NaN, POINTS),
    count: ones,
    finite: ones,
    nan: zeros,
    posInf: zeros,
    negInf: zeros,
    points: POINTS,
    spacing: SPAN / POINTS,
  };
}

/** Normal densities that grow narrow, as counts of 64 bins. */
export function exampleHistograms(): HistogramSeries {
  const random = noise(3);
  const step = Float64Array.from({ length: EVENTS }, (_, i) => Math.round((i * SPAN) / EVENTS));
  const width = step.map((s) => 0.012 + 0.035 * Math.exp(-s / 240) + 0.002 * random());
  const lo = width.map((w) => -3.6 * w);
  const hi = width.map((w) => 3.6 * w);
  const counts = new Float64Array(EVENTS * BINS);
  for (let i = 0; i < counts.length; i++) {
    const z = ((i % BINS) + 0.5) * (7.2 / BINS) - 3.6;
    counts[i] = Math.round(4000 * Math.exp((-z * z) / 2) * (1 + 0.25 * random()));
  }
  const constant = (value: number) => new Float64Array(EVENTS).fill(value);
  const nothing = constant(0);
  const n = step.map((_, i) => counts.slice(i * BINS, (i + 1) * BINS).reduce((a, b) => a + b));
  const events: HistogramEvents = {
    ordinal: step.map((_, i) => i),
    step,
    timeUs: step,
    batch: step,
    lo,
    hi,
    bins: constant(BINS),
    n,
    nan: nothing,
    posInf: nothing,
    negInf: nothing,
    zeros: nothing,
    total: nothing,
    squares: n.map((count, i) => count * width[i] ** 2),
    flags: nothing,
    counts,
    edges: new Float64Array(0),
    edged: nothing,
  };
  return { id: 'example', label: 'example', color: '--c0', events, total: EVENTS };
}
