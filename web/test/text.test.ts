import { describe, expect, test } from 'vitest';
import { withSizes } from '../src/math/byteSizes';
import { failureOf } from '../src/math/failure';
import { allDigits, jsonNumber, parseJson } from '../src/math/jsonNumber';
import { mainMetric, telling } from '../src/math/metricNames';
import { nameParts, tellingNames, withoutMiddle } from '../src/math/nameParts';
import {
  counted,
  digitsOn,
  formatAxisValues,
  formatCount,
  formatDate,
  formatDuration,
  formatMoment,
  formatShare,
  formatShort,
  formatValue,
} from '../src/math/numbers';
import { pictureHeight } from '../src/math/pictureGrid';
import { symlog } from '../src/math/scale';
import { systemMetric } from '../src/math/systemMetrics';
import {
  durationTicks,
  logLabels,
  logTicks,
  niceBounds,
  niceLogBounds,
  stepTicks,
  symlogTicks,
  timeTicks,
} from '../src/math/ticks';

test.each([
  [0.883, '0.8830'],
  [1234.5678, '1235'],
  [-12.5, '−12.50'],
  [7, '7'],
  [11010.5, '11,010.5'],
  [-12345.678, '−12,345.7'],
  [9999.96, '10,000'],
  [0, '0'],
  [0.0001, '1e−4'],
  [0.00012345, '1.234e−4'],
  [-2e7, '−2e7'],
  [1.5e300, '1.5e300'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, '∞'],
  [Number.NEGATIVE_INFINITY, '−∞'],
  [null, '–'],
])('the value %d is written %s', (value, text) => {
  expect(formatValue(value)).toBe(text);
});

test('the end of a long name is kept, also where its middle is left out', () => {
  const name = 'base_model.model.layers.17.self_attn.q_proj.lora_A.weight';
  const [start, end] = nameParts(name);
  expect(start + end).toBe(name);
  expect(end.endsWith('17.self_attn.q_proj.lora_A.weight')).toBe(true);
  expect(withoutMiddle('llama-7b_lora-r16_fold_3', 10)).toBe('llam…fold_3');
  expect(nameParts('run-1')).toEqual(['', 'run-1']);
});

test('names that begin alike are told apart by what differs', () => {
  const names = ['llama_lora-r8_lr1_fold_1', 'llama_lora-r16_lr1_fold_2', 'other'];
  const short = tellingNames(names);
  expect(names.map((name) => short.get(name))).toEqual(['…r8…fold_1', '…r16…fold_2', undefined]);
});

test('machine metrics have names and units of people', () => {
  const told = ['system.gpu.0.memoryAllocatedBytes', 'system.cpu', 'system.disk./.usageGB'];
  expect(told.map((key) => systemMetric(key).title)).toEqual([
    'GPU 0 memory (GB)',
    'CPU (%)',
    'Disk / used (GB)',
  ]);
  expect(told.map((key) => systemMetric(key).percent)).toEqual([false, true, false]);
  expect(systemMetric(told[0]).factor * 8e9).toBeCloseTo(8);
  expect(systemMetric('system.own.sensor').title).toBe('own.sensor');
});

test('losses come before counters, and the main metric is one that most runs have', () => {
  const keys = ['epoch', 'lr', 'grad_norm', 'val/acc', 'train/loss'];
  keys.sort((a, b) => telling(a) - telling(b));
  expect(keys).toEqual(['train/loss', 'val/acc', 'grad_norm', 'epoch', 'lr']);
  const many = Array.from({ length: 9 }, () => ({ acc: 1, epoch: 2 }));
  expect(mainMetric([{ loss: 1 }, ...many])).toBe('acc');
});

test('sizes of a machine are told in GB', () => {
  const told = {
    gpu: [{ name: 'A', memoryTotal: 85e9 }],
    disk: { '/': { total: '2000000000' } },
    pid: 9e8,
  };
  expect(withSizes(told)).toEqual({
    gpu: [{ name: 'A', memoryTotal: '85 GB' }],
    disk: { '/': { total: '2 GB' } },
    pid: 9e8,
  });
});

test('the last exception of a log is told in its first sentence', () => {
  const lines = [
    'step 1',
    'ValueError: first',
    'torch.OutOfMemoryError: CUDA out of memory. Tried to',
  ];
  expect(failureOf(lines)).toBe('CUDA out of memory');
  expect(failureOf(['all well'])).toBe(null);
});

test('a grid of pictures is as high as lets all of them fit, 48 pixels at least', () => {
  const square = { ratio: 1, captioned: true };
  const many = (count: number) => [Array.from({ length: count }, () => square)];
  expect(pictureHeight(many(1), { width: 300, height: 160 }, false)).toBe(144);
  expect(pictureHeight(many(8), { width: 300, height: 160 }, false)).toBe(60);
  expect(pictureHeight(many(80), { width: 300, height: 160 }, false)).toBe(null);
});

test.each([
  [1593464, '1.59M'],
  [250000, '250k'],
  [999999, '1M'],
  [-1500, '−1.5k'],
  [12, '12'],
  [0.5, '0.5'],
  [2e-5, '2e−5'],
])('the count %d is shortened to %s', (value, text) => {
  expect(formatShort(value)).toBe(text);
});

test.each([
  [104460, '1d 5h'],
  [50880, '14h 08m'],
  [2469, '41m 09s'],
  [42, '42s'],
  [9.24, '9.2s'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('counts in full have thousands commas, fractional counts their decimals', () => {
  expect([formatCount(1593464), formatCount(0.5)]).toEqual(['1,593,464', '0.5']);
});

test('shares that are nearly nothing or nearly all say so', () => {
  expect([0.00001, 0.643, 0.99999, 0, 1].map(formatShare)).toEqual([
    '< 0.01 %',
    '64.3 %',
    '> 99.99 %',
    '0 %',
    '100 %',
  ]);
});

test('dates show the year only where it is another', () => {
  const now = new Date(2026, 10, 24);
  expect(formatDate(new Date(2026, 10, 21, 9, 12).getTime() * 1000, now)).toBe('21 Nov, 09:12');
  expect(formatDate(new Date(2025, 0, 2, 3, 4).getTime() * 1000, now)).toBe('2 Jan 2025, 03:04');
  const moment = new Date(2025, 0, 2, 3, 4, 5).getTime() * 1000;
  expect(formatMoment(moment)).toBe('2 Jan 2025, 03:04:05');
});

describe('axis labels', () => {
  test('of one axis share their decimals', () => {
    expect(formatAxisValues([0, 0.05, 0.1])).toEqual(['0', '0.05', '0.10']);
    expect(formatAxisValues([-0.5, 0, 0.5])).toEqual(['−0.5', '0', '0.5']);
  });

  test('have as many digits as tell them apart', () => {
    const far = [2_000_000_000, 2_000_000_200, 2_000_000_400];
    expect(formatAxisValues(far)).toEqual(['2,000,000,000', '2,000,000,200', '2,000,000,400']);
    const near = [0.99999999, 0.9999999902, 0.9999999904];
    expect(formatAxisValues(near)).toEqual(['0.9999999900', '0.9999999902', '0.9999999904']);
    expect(logLabels([5.544, 5.545, 5.546])).toEqual(['5.544', '5.545', '5.546']);
  });

  test('values on an axis have the digits that tell neighbouring pixels apart', () => {
    const digits = digitsOn(5.5442, 5.5458);
    expect([5.5444, 5.5456].map((value) => formatValue(value, digits))).toEqual([
      '5.54440',
      '5.54560',
    ]);
    expect(formatValue(2_000_000_392, digitsOn(2e9, 2_000_000_400))).toBe('2,000,000,392');
    expect(digitsOn(0, 1)).toBe(4);
  });

  test('of steps are exact or round', () => {
    expect(stepTicks(8010, 8020, 2).labels).toEqual(['8,010', '8,015', '8,020']);
    expect(stepTicks(0, 2_000_000, 4).labels).toEqual(['0', '500k', '1M', '1.5M', '2M']);
  });

  test('of tiny and huge values are scientific', () => {
    expect(formatAxisValues([0, 1e-4, 2e-4])).toEqual(['0', '1e−4', '2e−4']);
    expect(formatAxisValues([1e6, 1.5e6])).toEqual(['1e6', '1.5e6']);
  });
});

describe('ticks', () => {
  test('of steps are whole and stay distinct when zoomed far in', () => {
    const { values, labels } = stepTicks(1149999, 1150001, 5);
    expect(values.every(Number.isInteger)).toBe(true);
    expect(new Set(labels).size).toBe(labels.length);
  });

  test('of a log axis are decades, or 1, 2, 5 where there is room', () => {
    expect(logTicks(0.0001, 1, 5)).toEqual([0.0001, 0.001, 0.01, 0.1, 1]);
    expect(logTicks(0.5, 10, 5)).toEqual([0.5, 1, 2, 5, 10]);
  });

  test('of a symlog axis are 0 and both signs', () => {
    const values = symlogTicks(-1, 1, symlog(1e-4), 7);
    expect(values).toContain(0);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.map((value) => -value || 0).reverse()).toEqual(values);
  });

  test('of durations stand on round minutes, hours and days', () => {
    expect(durationTicks(0, 7200, 4).labels).toEqual(['0', '30m', '1h', '1h 30m', '2h']);
    expect(durationTicks(0, 172800, 4).labels).toEqual(['0', '12h', '1d', '1d 12h', '2d']);
  });

  test('tell parts of a second apart', () => {
    const second = new Date(2026, 0, 5, 12, 30, 7).getTime() * 1000;
    expect(timeTicks(second, second + 1e6, 4).labels).toEqual([
      ':07',
      ':07.2',
      ':07.4',
      ':07.6',
      ':07.8',
      ':08',
    ]);
  });

  test('of wall time stand on round local times', () => {
    const from = new Date(2026, 10, 24, 9, 7).getTime() * 1000;
    const { values, labels } = timeTicks(from, from + 3600e6, 4);
    expect(labels).toEqual(['09:15', '09:30', '09:45', '10:00']);
    expect(values.every((value) => value >= from && value <= from + 3600e6)).toBe(true);
  });
});

describe('bounds', () => {
  test.each([
    [0, 0.93],
    [-3, 17],
    [1e-9, 2e-9],
    [5, 5],
    [0, 0],
    [-4, -4],
  ])('contain %d to %d with room', (lo, hi) => {
    const [from, to] = niceBounds(lo, hi);
    expect(from <= lo && to >= hi && to > from).toBe(true);
  });

  test('keep zero as the end of an axis of one sign', () => {
    expect(niceBounds(0.01, 7.9)[0]).toBe(0);
    expect(niceBounds(-7.9, -0.01)[1]).toBe(0);
  });

  test('do not move while a curve grows within them', () => {
    expect(niceBounds(0, 7.1)).toEqual(niceBounds(0, 7.3));
  });

  test('of a log axis are 1, 2 or 5 of a decade', () => {
    expect(niceLogBounds(0.13, 7)).toEqual([0.1, 10]);
  });
});

test('ints that a number cannot hold exactly keep all digits', () => {
  const text =
    '{"seed":9007199254740993,"id":[-1180591620717411303424,"NaN"],"n":9007199254740991,"t":"a, 9007199254740993 \\"","x":0.12345678901234568}';
  const value = parseJson(text);
  expect(value).toEqual({
    seed: '9007199254740993',
    id: ['-1180591620717411303424', 'NaN'],
    n: 9007199254740991,
    t: 'a, 9007199254740993 "',
    x: 0.12345678901234568,
  });
  expect(jsonNumber('9007199254740993')).toBe(2 ** 53);
  expect(allDigits('9007199254740993', 2 ** 53)).toBe('9007199254740993');
  expect(jsonNumber('9007199254740991')).toBe(null);
});

test('one of a thing is singular', () => {
  const texts = [0, 1, 2, 1204].map((count) => counted(count, 'row'));
  expect(texts).toEqual(['0 rows', '1 row', '2 rows', '1,204 rows']);
});
