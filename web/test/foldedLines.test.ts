/** RMS lines of models of very many tensors. */

import { expect, it } from 'vitest';
import type { Tensor, TensorResponse } from '../src/api/types';
import { buildModel } from '../src/charts/lines/lineModel';
import { rmsPicture } from '../src/state/histograms/foldedLines';

const STEPS = 4;

/** A tensor whose RMS is 10 to the power of `level`, at last times 10 to the power of `growth`. */
function tensorOf(key: string, level: number, growth = 0): Tensor {
  const column = (value: (i: number) => number) =>
    Float64Array.from({ length: STEPS }, (_, i) => value(i));
  const zeros = column(() => 0);
  const places = column((i) => i);
  const squares = column((i) => 100 ** (level + (i === STEPS - 1 ? growth : 0)));
  const columns = {
    bucket: places,
    events: column(() => 1),
    n: column(() => 1),
    nan: zeros,
    pos_inf: zeros,
    neg_inf: zeros,
    zeros,
    total: zeros,
    squares,
    lo: zeros,
    hi: zeros,
    x_first: places,
    x_last: places,
    x_bad: places,
  };
  return { key, order: 0, n: STEPS, generation: 0, columns, part: null } as Tensor;
}

const answerOf = (tensors: Tensor[]): TensorResponse => ({
  grid: { width: 1, first: 0, count: STEPS, unit: 'step' },
  tensors,
});

const experts = (layers: number, count: number) =>
  Array.from({ length: layers * count }, (_, i) => {
    const [layer, expert] = [Math.floor(i / count), i % count];
    return tensorOf(`gradients/layers.${layer}.experts.${expert}.w`, (expert % 3) - 1);
  });

it('draws each of few tensors', () => {
  const { lines, notes } = rmsPicture(answerOf(experts(2, 40)), null);
  expect(lines).toHaveLength(80);
  expect(notes).toEqual([]);
});

it('draws the experts of a layer as one line with its band, and says so', () => {
  const { lines, notes } = rmsPicture(answerOf(experts(3, 63)), null);
  expect(lines.map(({ label }) => label)).toEqual(
    [0, 1, 2].map((layer) => `layers.${layer}.experts.*.w (63)`),
  );
  const close = (values: Float64Array) => [...values].map((value) => Number(value.toFixed(9)));
  expect(close(lines[0].mean)).toEqual([1, 1, 1, 1]);
  expect(close(lines[0].min)).toEqual([0.1, 0.1, 0.1, 0.1]);
  expect(close(lines[0].max)).toEqual([10, 10, 10, 10]);
  expect(notes.map(({ text }) => text)).toEqual(['189 tensors in 3 lines: medians of groups']);
});

it('keeps of too many lines those that move most', () => {
  const tensors = Array.from({ length: 150 }, (_, i) =>
    tensorOf(`gradients/layer${i}`, 0, i / 1000),
  );
  const { lines, notes } = rmsPicture(answerOf(tensors), null);
  expect(lines.map(({ label }) => label)).toEqual(
    Array.from({ length: 100 }, (_, i) => `layer${i + 50}`),
  );
  expect(notes.map(({ text }) => text)).toEqual(['100 of 150 lines: what moves most']);
});

it('unfolds what a search finds', () => {
  const { lines } = rmsPicture(answerOf(experts(3, 63)), /layers\.1\./);
  expect(lines.map(({ label }) => label)).toContain('layers.1.experts.7.w');
  expect(lines).toHaveLength(63);
});

it('keeps the mark of a good ratio in sight', () => {
  const { lines } = rmsPicture(answerOf([tensorOf('update_ratios/a', -2)]), null);
  const none = { min: null, max: null };
  const model = buildModel(lines, {
    x: { kind: 'step', log: false, window: none },
    y: { log: true, window: none, ignoreOutliers: false },
    aggregate: 'mean',
    envelope: true,
    smoothing: { kind: 'none', amount: 0, showOriginal: false },
    xRange: STEPS,
    highlighted: null,
    guide: { value: 1e-3, label: '10⁻³' },
  });
  expect(model.y[0]).toBeLessThan(1e-3);
});

it('draws one line where all tensors are of one group', () => {
  const { lines } = rmsPicture(answerOf(experts(1, 128)), null);
  expect(lines).toHaveLength(1);
  expect(lines[0].color).toMatch(/^(#|rgb)/);
});

it('marks a group in which any member has values that are not finite', () => {
  const tensors = experts(1, 128);
  const { columns } = tensors[70];
  tensors[70] = { ...tensors[70], columns: { ...columns, nan: columns.nan.map((_, i) => i && 3) } };
  const [line] = rmsPicture(answerOf(tensors), null).lines;
  expect([...line.nan]).toEqual([0, 3, 3, 3]);
});
