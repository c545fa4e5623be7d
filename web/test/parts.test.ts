import { describe, expect, it } from 'vitest';
import { eventsFromColumns, mergeEvents } from '../src/math/events';
import { HistogramTable } from '../src/math/histogram';
import { mapPartText, PART_COLUMNS, partText, settledUpTo } from '../src/math/parts';
import type { HistogramEvents } from '../src/model/types';

const PLAIN = ['step', 'time_us', 'batch', 'lo', 'hi', 'nan', 'pos_inf', 'neg_inf', 'zeros'];

type Given = Partial<Record<(typeof PART_COLUMNS)[number], number>> & { n: number };

/** Events of a tensor of 4,096 rows of 2 values on 8 processes, with what is given of each. */
function eventsOf(given: Given[], first = 0): HistogramEvents {
  const column = (read: (one: Given, i: number) => number) => Float64Array.from(given, read);
  const whole = { rank: 0, ranks: 8, part: 0, parts: 8, held: 512, whole: 4096, unit: 0 };
  const known = { ...whole, values: 8192, gradient: 0, found: 1 };
  return eventsFromColumns({
    ...Object.fromEntries(PLAIN.map((name) => [name, column(() => 0)])),
    ...Object.fromEntries(['total', 'squares', 'flags', 'edged'].map((n) => [n, column(() => 0)])),
    ordinal: column((_, i) => first + i),
    n: column((one) => one.n),
    bins: column(() => 1),
    counts: column((one) => one.n),
    edges: new Float64Array(0),
    ...Object.fromEntries(
      PART_COLUMNS.map((name) => [`part_${name}`, column((one) => one[name] ?? known[name])]),
    ),
  });
}

function textOf(one: Given): string {
  const histogram = new HistogramTable(eventsOf([one])).at(0);
  return partText(histogram.part!, histogram);
}

describe('the part of a tensor', () => {
  it('is said with the rows that are here', () => {
    expect(textOf({ n: 1024 })).toBe('rank 0 of 8, 512 of 4,096 rows');
    expect(textOf({ n: 1024, unit: 1, gradient: 1 })).toBe(
      'rank 0 of 8, 512 of 4,096 columns · raw local gradients',
    );
  });

  it('is the whole when all parts came', () => {
    expect(textOf({ n: 8192, found: 8, held: 4096, gradient: 2 })).toBe(
      'whole of 8 parts · gradients as the optimizer gets them',
    );
  });

  it('says how many parts came', () => {
    expect(textOf({ n: 7168, found: 7, held: 3584 })).toBe('7 of 8 parts, 3,584 of 4,096 rows');
  });

  it('is said of all tensors of a layer map', () => {
    const part = (found: number, counted: number) => {
      const histogram = new HistogramTable(eventsOf([{ n: counted, found }])).at(0);
      return { ...histogram.part!, counted };
    };
    expect(mapPartText([])).toBe('');
    expect(mapPartText([part(1, 1024), part(1, 1024)])).toBe('parts of rank 0 of 8');
    expect(mapPartText([part(8, 8192)])).toBe('whole tensors of 8 processes');
    expect(mapPartText([part(8, 8192), part(7, 7168)])).toBe('7 of 8 parts');
    expect(mapPartText([part(7, 7168), part(7, 7168)])).toBe('7 of 8 parts of 2 tensors');
  });

  it('is of no rows where every process has a whole tensor', () => {
    expect(textOf({ n: 8192, part: -1, parts: 1 })).toBe('rank 0 of 8');
    expect(textOf({ n: 16384, part: -1, parts: 1, found: 2 })).toBe('values of 2 of 8 processes');
  });

  it('is asked for again while parts may come late', () => {
    const all = { n: 8192, found: 8 };
    expect(settledUpTo(eventsOf([all, all, { n: 7168, found: 7 }, all]))).toBe(2);
    expect(settledUpTo(eventsOf([all, all]))).toBe(2);
  });

  it('is that of the newer answer', () => {
    const before = eventsOf([{ n: 8192, found: 8 }, { n: 1024 }]);
    const merged = mergeEvents(before, eventsOf([{ n: 8192, found: 8 }, { n: 1024 }], 1));
    expect([...merged.ordinal]).toEqual([0, 1, 2]);
    expect([...merged.parts!.found]).toEqual([8, 8, 1]);
    expect([...merged.counts]).toEqual([8192, 8192, 1024]);
  });
});

describe('histograms that were logged at one step', () => {
  it('are said to be joined', () => {
    expect(textOf({ n: 8192, part: -2, ranks: 2, found: 2 })).toBe(
      '2 histograms of this step joined',
    );
  });

  it('may come late: the last event is asked for again', () => {
    const events = eventsOf([{ n: 10 }, { n: 10 }]);
    events.batch.fill(-1);
    delete events.parts;
    expect(settledUpTo(events)).toBe(1);
  });
});
