import { describe, expect, test } from 'vitest';
import { layoutRows } from '../src/charts/histograms/layerModel';
import { firstNonFinite, layerRows, stagesOf } from '../src/math/layers';
import type { Tensor } from '../src/model/types';

function tensorOf(key: string, change: Partial<Tensor> = {}): Tensor {
  const of = (value: number) => Float64Array.of(value, value);
  return {
    key,
    bucket: Float64Array.of(0, 1),
    n: of(100),
    nan: of(0),
    posInf: of(0),
    negInf: of(0),
    zeros: of(25),
    squares: of(1),
    ...change,
  };
}

const dataOf = (tensors: Tensor[], against: Tensor[] = []) => ({ width: 10, tensors, against });

describe('the statistic', () => {
  test('RMS is log10 of the root of the mean square', () => {
    const [row] = layerRows(dataOf([tensorOf('gradients/a')]), 'rms');
    expect([...row.values]).toEqual([-1, -1]);
  });

  test('ratio divides by the tensor of the same name, at or before the bucket', () => {
    const weight = tensorOf('parameters/a', { squares: Float64Array.of(100, 10000) });
    const [row] = layerRows(dataOf([tensorOf('gradients/a')], [weight]), 'ratio');
    expect([...row.values]).toEqual([-1, -2]);
  });

  test('shares of zeros and of non-finite values are of what they count', () => {
    const broken = tensorOf('gradients/a', { nan: Float64Array.of(0, 100) });
    expect([...layerRows(dataOf([broken]), 'zeros')[0].values]).toEqual([0.25, 0.25]);
    expect([...layerRows(dataOf([broken]), 'nonFinite')[0].values]).toEqual([0, 0.5]);
  });

  test('of a tensor of zeros is absent, not minus infinity', () => {
    const zero = tensorOf('gradients/a', { squares: new Float64Array(2) });
    expect(layerRows(dataOf([zero]), 'rms')[0].values.every(Number.isNaN)).toBe(true);
  });
});

test('the first non-finite tensor is named', () => {
  const broken = tensorOf('gradients/b', { posInf: Float64Array.of(0, 3) });
  const rows = layerRows(dataOf([tensorOf('gradients/a'), broken]), 'rms');
  expect(firstNonFinite(rows)).toEqual({ key: 'gradients/b', bucket: 1 });
});

describe('stages', () => {
  const names = (stages: ReturnType<typeof stagesOf>) => stages.map(({ name }) => name);

  test('are the first parts of the names', () => {
    const resnet = ['conv1.weight', 'layer1.0.a', 'layer1.1.a', 'layer2.0.a', 'fc.weight'];
    expect(names(stagesOf(resnet))).toEqual(['conv1', 'layer1', 'layer2', 'fc']);
  });

  test('split a part that holds most of the model', () => {
    const blocks = Array.from({ length: 8 }, (_, i) => `transformer.h.${i}.mlp.weight`);
    const stages = names(stagesOf(['transformer.wte.weight', ...blocks, 'lm_head.weight']));
    expect(stages).toContain('transformer.h.3');
  });

  test('cover every row once', () => {
    const rows = Array.from({ length: 57 }, (_, i) => `model.block${i >> 2}.${i}.weight`);
    const covered = stagesOf(rows).flatMap(({ from, to }) =>
      Array.from({ length: to - from + 1 }, (_, k) => from + k),
    );
    expect(covered).toEqual(rows.map((_, i) => i));
  });

  test('of a model without parameters are none', () => {
    expect(stagesOf([])).toEqual([]);
  });
});

test.each([1, 54, 200, 700])('%d rows fit into the height that they get', (count) => {
  const rows = layerRows(
    dataOf(Array.from({ length: count }, (_, i) => tensorOf(`gradients/l${i >> 4}.${i}`))),
    'rms',
  );
  const stages = stagesOf(rows.map(({ name }) => name));
  const model = { rows, stages, width: 10, x: [0, 20], range: [0, 1] } as const;
  const { end } = layoutRows({ ...model, x: [0, 20], range: [0, 1] }, 6, 166);
  expect(end).toBeLessThanOrEqual(6 + 166 + 1e-6);
});
