import { describe, expect, test } from 'vitest';
import { buildLayers, layoutRows } from '../src/charts/histograms/layerModel';
import { firstNonFinite, layerRows, stagesOf } from '../src/math/layers';
import { kindsOf, linesTitle, statisticsOf } from '../src/math/tensorKinds';
import type { LayerOptions, Tensor } from '../src/model/types';

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
    xBad: of(Number.NaN),
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

describe('folded along the module tree', () => {
  const experts = (count: number, of = 'layers.0.experts') =>
    Array.from({ length: count }, (_, i) =>
      tensorOf(`gradients/${of}.${i}.w`, {
        squares: Float64Array.of(100, 10 ** (2 + 2 * (i % 3))),
      }),
    );
  const options: LayerOptions = {
    statistic: 'rms',
    label: '',
    middle: null,
    order: 'network',
    search: null,
    unfolded: new Set(),
    x: { kind: 'step' },
    chosen: null,
  };
  const built = (tensors: Tensor[], change: Partial<LayerOptions> = {}) =>
    buildLayers(dataOf(tensors), { ...options, ...change });
  const name = 'layers.0.experts.*.w';

  test('the experts of a layer are one row with the spread over them', () => {
    const { rows, tensors } = built([...experts(9), tensorOf('gradients/head.w')]);
    expect(rows.map((row) => [row.name, row.group?.spread])).toEqual([
      [name, 'highest'],
      [name, 'median'],
      [name, 'lowest'],
      ['head.w', undefined],
    ]);
    expect(rows.slice(0, 3).map(({ values }) => values[1])).toEqual([2, 1, 0]);
    expect(tensors).toBe(10);
  });

  test('a click unfolds them under their median', () => {
    const { rows } = built(experts(9), { unfolded: new Set([name]) });
    expect(rows.map(({ key }) => key)).toEqual([name, ...experts(9).map(({ key }) => key)]);
  });

  test('a search shows what it finds unfolded', () => {
    const { rows } = built(experts(9), { search: /experts\.[34]\./ });
    expect(rows.map((row) => row.name)).toEqual(['layers.0.experts.3.w', 'layers.0.experts.4.w']);
  });

  test('what moves most comes first, members of a group too', () => {
    const still = tensorOf('gradients/embedding.w');
    const order = 'movement';
    const { rows } = built([still, ...experts(9)], { order, unfolded: new Set([name]) });
    expect(rows[0].name).toBe(name);
    expect(rows[1].name).toBe('layers.0.experts.2.w');
    expect(rows[rows.length - 1].name).toBe('embedding.w');
  });

  test('a non-finite expert is seen in the row of all', () => {
    const broken = tensorOf('gradients/layers.0.experts.3.w', {
      nan: Float64Array.of(0, 1),
      xBad: Float64Array.of(Number.NaN, 14),
    });
    const { rows } = built([...experts(3), broken, ...experts(12).slice(4)]);
    expect(rows.every(({ bad }) => bad[1] === 1 && bad[0] === 0)).toBe(true);
    expect(firstNonFinite(rows)).toEqual({ key: name, x: 14 });
  });

  test('blocks of a model of a few hundred tensors stay in its order', () => {
    const blocks = Array.from({ length: 40 }, (_, i) => tensorOf(`gradients/blocks.${i}.w`));
    expect(built(blocks).rows).toHaveLength(40);
  });

  test('a scale with a middle is two powers of ten to each side', () => {
    expect(built(experts(9), { middle: -3 }).range).toEqual([-5, -1]);
  });
});

describe('kinds of tensors', () => {
  test('stand in the order of what is read, states of optimizers by their names', () => {
    const keys = ['optimizer_state.exp_avg/a', 'updates/a', 'gradients/b', 'gradients/a'];
    expect(kindsOf(keys)).toEqual([
      ['gradients', 'Gradients'],
      ['updates', 'Updates'],
      ['optimizer_state.exp_avg', 'exp_avg'],
    ]);
  });

  test('of one number an event have no shares', () => {
    expect(statisticsOf('update_ratios').map(([statistic]) => statistic)).toEqual(['rms']);
    expect(statisticsOf('activations').map(([statistic]) => statistic)).toContain('zeros');
  });
});

test('the first non-finite tensor is named with its step, of two in one bucket the earlier', () => {
  const from = (x: number) => ({
    posInf: Float64Array.of(0, 3),
    xBad: Float64Array.of(Number.NaN, x),
  });
  const broken = [tensorOf('gradients/b', from(17)), tensorOf('gradients/c', from(13))];
  const rows = layerRows(dataOf([tensorOf('gradients/a'), ...broken]), 'rms');
  expect(firstNonFinite(rows)).toEqual({ key: 'gradients/c', x: 13 });
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

  test('split the layers of a large model, as many as they are', () => {
    const rows = Array.from({ length: 24 * 9 }, (_, i) => `layers.${Math.floor(i / 9)}.mlp.${i}`);
    expect(names(stagesOf(rows))).toEqual(Array.from({ length: 24 }, (_, i) => `layers.${i}`));
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
  const model = { rows, tensors: count, stages, width: 10, x: [0, 20], range: [0, 1] } as const;
  const { end } = layoutRows({ ...model, x: [0, 20], range: [0, 1] }, 6, 166);
  expect(end).toBeLessThanOrEqual(6 + 166 + 1e-6);
});

test.each([
  ['gradients', 'RMS of all gradients'],
  ['update_ratios', 'All update ratios'],
  ['activation_kurtosis', 'Kurtosis of all activations'],
  ['activation_gradients', 'RMS of all activation gradients'],
  ['optimizer_state.exp_avg', 'RMS of all exp_avg'],
])('lines of %s say what they show', (kind, title) => {
  expect(linesTitle(kind)).toBe(title);
});
