import { describe, expect, test } from 'vitest';
import { eventRank, eventsFromColumns, mergeEvents, placeEvents } from '../src/math/events';
import { HistogramTable } from '../src/math/histogram';
import { eventsOf, histogramOf } from './histograms';

const at = (step: number, ordinal: number, counts: number[] = [1]) =>
  histogramOf({ step, ordinal, counts, lo: 0, hi: 1, batch: ordinal * 10, timeUs: ordinal });

describe('events on the step axis', () => {
  test('that share a step divide the interval to the next step', () => {
    const events = eventsOf([at(0, 0), at(0, 1), at(0, 2), at(30, 3), at(60, 4)]);
    expect([...placeEvents(events, 'step').position]).toEqual([0, 10, 20, 30, 60, 90]);
  });

  test('get a typical interval at the end', () => {
    const events = eventsOf([at(0, 0), at(10, 1), at(20, 2), at(20, 3)]);
    expect([...placeEvents(events, 'step').position]).toEqual([0, 10, 20, 25, 30]);
  });

  test('know their rank among those of the same step', () => {
    const events = eventsOf([at(0, 0), at(5, 1), at(5, 2), at(5, 3)]);
    expect(eventRank(events, 2)).toEqual({ rank: 2, of: 3 });
  });
});

test('a late step stands at its batch on the batch axis', () => {
  const events = eventsOf([at(5, 2), at(10, 0), at(20, 1)]);
  expect([...placeEvents(events, 'batch').order]).toEqual([1, 2, 0]);
});

test('without batch counts the batch axis is the order of the events', () => {
  const events = eventsOf([at(0, 0), at(7, 1)]);
  events.batch.fill(-1);
  expect([...placeEvents(events, 'batch').position]).toEqual([0, 1, 2]);
});

describe('merging', () => {
  test('keeps every event once, in the order of step and ordinal', () => {
    const old = eventsOf([at(0, 0, [1]), at(10, 1, [2, 3])]);
    const fresh = eventsOf([at(5, 3, [7]), at(10, 1, [2, 3]), at(10, 2, [4, 5, 6])]);
    const merged = mergeEvents(old, fresh);
    expect([...merged.ordinal]).toEqual([0, 3, 1, 2]);
    expect([...merged.counts]).toEqual([1, 7, 2, 3, 4, 5, 6]);
  });

  test('keeps each event’s own edges and magnitudes', () => {
    const magnitude = { keys: Float64Array.of(3), counts: Float64Array.of(9) };
    const edged = histogramOf({ ordinal: 0, counts: [1], edges: Float64Array.of(2, 4) });
    const plain = histogramOf({ ordinal: 1, counts: [5, 6], n: 9, magnitude });
    const table = new HistogramTable(mergeEvents(eventsOf([edged]), eventsOf([plain])));
    expect([...table.at(0).edges!]).toEqual([2, 4]);
    expect(table.at(1).edges).toBeNull();
    expect([...table.at(1).magnitude!.counts]).toEqual([9]);
  });
});

test('an answer that lacks a column is refused by its name', () => {
  expect(() => eventsFromColumns({ ordinal: new Float64Array(0) })).toThrow('"step"');
});
