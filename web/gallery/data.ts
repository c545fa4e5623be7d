/** Generated, deterministic data for the gallery and the benchmark: runs, gradients, hard cases. */

import { constantColumn } from '../src/api/columns';
import { runColor, runDash } from '../src/math/color';
import type { HistogramEvents, HistogramSeries, Line, Tensor } from '../src/model/types';

export type Random = () => number;

function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

function gaussOf(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export const STEPS = 2_300_000;

export interface LineSpec {
  slot: number;
  label: string;
  buckets?: number;
  /** Raw points per bucket. */
  perBucket?: number;
  from: number;
  to: number;
  tau?: number;
  noise?: number;
  end?: number;
  spikes?: [bucket: number, value: number][];
  nanFrom?: number;
}

export function makeLine(spec: LineSpec, seed: number): Line {
  const random = randomOf(seed);
  const { buckets = 1000, perBucket = 2300, tau = 0.06, noise = 0.06, end = 1 } = spec;
  const size = Math.floor(buckets * end);
  const column = () => new Float64Array(size);
  const counts = column().fill(perBucket);
  const none = constantColumn(0, size);
  const line: Line = {
    id: spec.label,
    label: spec.label,
    color: runColor(spec.slot),
    dash: runDash(spec.slot),
    x: column(),
    mean: column(),
    min: column(),
    max: column(),
    first: column(),
    last: column(),
    count: counts,
    finite: counts,
    xFirst: column(),
    xLast: column(),
    xMin: column(),
    xBad: constantColumn(Number.NaN, size),
    xMax: column(),
    nan: none,
    posInf: none,
    negInf: none,
    points: size * perBucket,
    spacing: STEPS / (buckets * perBucket),
  };
  const width = STEPS / buckets;
  let wander = 0;
  for (let i = 0; i < size; i++) {
    const t = i / buckets;
    wander = 0.55 * wander + gaussOf(random) * noise * 0.4;
    const level =
      spec.to +
      (spec.from - spec.to) * (0.72 * Math.exp(-t / tau) + 0.28 * Math.exp(-t / (6 * tau)));
    const mean = level * (1 + wander);
    const spread = perBucket > 1 ? level * noise * 2.6 : 0;
    line.x[i] = (i + 0.5) * width;
    line.mean[i] = mean;
    line.min[i] = mean - spread * (1 + 0.3 * random());
    line.max[i] = mean + spread * (1 + 0.4 * random());
    line.first[i] = mean + spread * (random() - 0.5);
    line.last[i] = mean + spread * (random() - 0.5);
    line.xFirst[i] = i * width;
    line.xLast[i] = (i + 1) * width - 1;
    line.xMin[i] = i * width;
    line.xMax[i] = (i + 0.3) * width;
  }
  for (const [bucket, value] of spec.spikes ?? []) if (bucket < size) line.max[bucket] = value;
  if (spec.nanFrom !== undefined) breakFrom(line, spec.nanFrom);
  return line;
}

/** From this bucket on nothing is finite. */
function breakFrom(line: Line, from: number): void {
  line.nan = line.nan.slice();
  line.finite = line.finite.slice();
  line.xBad = line.xBad.slice();
  for (let i = from; i < line.x.length; i++) {
    for (const name of ['mean', 'min', 'max', 'first', 'last'] as const) line[name][i] = Number.NaN;
    line.xBad[i] = line.xFirst[i];
    line.nan[i] = line.count[i];
    line.finite[i] = 0;
  }
}

export interface HistogramSpec {
  events?: number;
  from?: number;
  to?: number;
  tau?: number;
  drift?: number;
  /** Share of a heavy-tailed second component. */
  heavy?: number;
  values?: number;
  perStep?: number;
  nanFrom?: number;
  constant?: number;
  end?: number;
}

const BINS = 64;

/** Events of Gaussian-Laplace mixtures with linear bins over their exact range and magnitudes. */
export function makeSeries(
  label: string,
  slot: number,
  spec: HistogramSpec,
  seed: number,
): HistogramSeries {
  const { events: count = 460, perStep = 1 } = spec;
  const parts = Array.from({ length: count }, (_, i) => makeEvent(i / (count - 1), spec, seed + i));
  const of = (read: (part: EventPart, i: number) => number) => Float64Array.from(parts, read);
  const flat = (read: (part: EventPart) => number[]) => Float64Array.from(parts.flatMap(read));
  const events: HistogramEvents = {
    ordinal: of((_, i) => i),
    step: of((_, i) =>
      Math.round((Math.floor(i / perStep) * perStep * STEPS * (spec.end ?? 1)) / count),
    ),
    timeUs: of((_, i) => 1.7e15 + i * 2e8),
    batch: of((_, i) => (i + 1) * 10),
    lo: of((part) => part.lo),
    hi: of((part) => part.hi),
    bins: of((part) => part.counts.length),
    n: of((part) => part.n),
    nan: of((part) => part.nan),
    posInf: of(() => 0),
    negInf: of(() => 0),
    zeros: of((part) => part.zeros),
    total: of((part) => part.total),
    squares: of((part) => part.squares),
    flags: of(() => 0),
    counts: flat((part) => part.counts),
    edges: new Float64Array(0),
    edged: of(() => 0),
    magnitudeBins: of((part) => part.keys.length),
    magnitudeKeys: flat((part) => part.keys),
    magnitudeCounts: flat((part) => part.keyCounts),
  };
  return { id: label, label, color: runColor(slot), events, total: count };
}

interface EventPart {
  lo: number;
  hi: number;
  counts: number[];
  n: number;
  nan: number;
  zeros: number;
  total: number;
  squares: number;
  keys: number[];
  keyCounts: number[];
}

function makeEvent(t: number, spec: HistogramSpec, seed: number): EventPart {
  const { values = 4000 } = spec;
  if (spec.nanFrom !== undefined && t >= spec.nanFrom) return partOf([], values);
  if (spec.constant !== undefined) return partOf(new Array(64).fill(spec.constant), 0);
  const random = randomOf(seed * 7919 + 17);
  const { from = 0.03, to = 0.006, tau = 0.12, drift = 0.2, heavy = 0.15 } = spec;
  const scale = (to + (from - to) * Math.exp(-t / tau)) * (1 + 0.05 * gaussOf(random));
  const centre = drift * from * Math.exp(-t / 0.25) * Math.sin(9 * t + 1);
  const sample = Array.from({ length: values }, () => {
    const wide = random() < heavy ? -Math.log(1 - random()) * 2.2 : 1;
    return centre + scale * wide * gaussOf(random);
  });
  return partOf(sample, 0);
}

function partOf(sample: number[], nan: number): EventPart {
  const lo = sample.length ? Math.min(...sample) : 0;
  const hi = sample.length ? Math.max(...sample) : 0;
  const bins = sample.length === 0 ? 0 : lo === hi ? 1 : BINS;
  const counts = new Array<number>(bins).fill(0);
  const magnitudes = new Map<number, number>();
  let zeros = 0;
  for (const value of sample) {
    counts[bins === 1 ? 0 : Math.min(bins - 1, Math.floor(((value - lo) / (hi - lo)) * bins))]++;
    if (value === 0) zeros++;
    else magnitudes.set(keyOf(value), (magnitudes.get(keyOf(value)) ?? 0) + 1);
  }
  const keys = [...magnitudes.keys()].sort((a, b) => a - b);
  return {
    lo,
    hi,
    counts,
    n: sample.length,
    nan,
    zeros,
    total: sample.reduce((sum, value) => sum + value, 0),
    squares: sample.reduce((sum, value) => sum + value * value, 0),
    keys,
    keyCounts: keys.map((key) => magnitudes.get(key)!),
  };
}

function keyOf(value: number): number {
  const size = Math.abs(value);
  const exponent = Math.floor(Math.log2(size));
  const quarter = Math.floor((size / 2 ** exponent - 1) * 4);
  return Math.sign(value) * (4 * (exponent + 1100) + quarter + 1);
}

const BLOCKS = [3, 4, 6, 3];

function resnetNames(): string[] {
  const names = ['conv1.weight'];
  BLOCKS.forEach((blocks, stage) => {
    for (let block = 0; block < blocks; block++) {
      for (let conv = 1; conv <= 3; conv++)
        names.push(`layer${stage + 1}.${block}.conv${conv}.weight`);
      if (block === 0) names.push(`layer${stage + 1}.0.downsample.0.weight`);
    }
  });
  return [...names, 'fc.weight'];
}

export function makeTensors(kind: string, seed: number, buckets = 230): Tensor[] {
  const names = resnetNames();
  return names.map((name, row) => {
    const random = randomOf(seed + row * 31);
    const depth = row / names.length;
    const n = 36864;
    let wander = 0;
    const squares = Float64Array.from({ length: buckets }, (_, i) => {
      const t = i / buckets;
      wander = 0.7 * wander + 0.035 * gaussOf(random);
      const shock = t > 0.46 ? 1.3 * Math.exp(-(t - 0.46) / 0.03) : 0;
      const level = -2.6 - 1.1 * Math.sin(2.6 * depth) + 0.8 * Math.exp(-t / 0.08) - 0.4 * t;
      return n * 10 ** (2 * (level + wander + shock * (0.4 + depth)));
    });
    const broken = (i: number) =>
      i > buckets * (0.99 - 0.02 * (depth - 0.5)) && depth > 0.5 ? 20 : 0;
    const column = (read: (i: number) => number) =>
      Float64Array.from({ length: buckets }, (_, i) => read(i));
    return {
      key: `${kind}/${name}`,
      bucket: column((i) => i),
      n: column(() => n),
      nan: column(broken),
      posInf: column(() => 0),
      negInf: column(() => 0),
      zeros: column((i) => Math.round(n * depth * depth * 0.3 * (i / buckets))),
      squares,
      xBad: column((i) => (broken(i) > 0 ? i : Number.NaN)),
    };
  });
}
