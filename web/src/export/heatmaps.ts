/** The histograms of an exported view: first one run of each panel, then the others. */

import { queryHistograms } from '../api/client';
import type { HistogramAnswer, Run } from '../api/types';
import { CELLS } from '../explore/figure';
import { eventsFromColumns } from '../math/events';
import { chunks, groupBy } from '../state/batcher';
import type { Explored } from '../state/explore';
import { ownersOf } from '../state/lines/metricLines';
import type { Slot } from './types';

/** Events of one heatmap. */
const EVENTS = 300;
const KEYS_A_REQUEST = 6;
/** Characters that all heatmaps of a file may take. */
const MOST_MEGABYTES = 24;
const CHARACTERS_A_BYTE = 4 / 3;

type Pair = [slot: Slot, run: Run];

export async function addHeatmaps(slots: Slot[], left: string[]): Promise<void> {
  const pairs = slots.map((slot): Pair[] =>
    ownersOf(slot.fields, slot.runs).map((run) => [slot, run]),
  );
  const deepest = Math.max(0, ...pairs.map(({ length }) => length));
  const ranked = Array.from({ length: deepest }, (_, rank) =>
    pairs.flatMap((own) => own.slice(rank, rank + 1)),
  );
  const total = pairs.flat().length;
  let [room, drawn, strided] = [MOST_MEGABYTES * 1e6, 0, 0];
  for (const some of ranked.flatMap(requests)) {
    if (room <= 0) break;
    for (const [slot, answer] of await ask(some)) {
      const { heat, characters } = heatmap(slot, some[0][1], answer);
      room -= characters;
      drawn++;
      if (answer.stride > 1) strided++;
      slot.panels.push(heat);
    }
  }
  if (drawn < total && room <= 0) {
    left.push(`${total - drawn} of ${total} histograms, beyond ${MOST_MEGABYTES} MB of them`);
  }
  if (strided > 0) left.push(`in ${strided} histograms, events between the ${EVENTS} shown`);
}

/** Pairs of one run each, few enough for a request. */
const requests = (pairs: Pair[]): Pair[][] =>
  groupBy(pairs, ([, run]) => String(run.uid)).flatMap((own) => chunks(own, KEYS_A_REQUEST));

async function ask(pairs: Pair[]): Promise<[Slot, HistogramAnswer][]> {
  const answers = await queryHistograms({
    runs: [pairs[0][1].uid],
    keys: [...new Set(pairs.map(([slot]) => slot.fields[0].key))],
    x0: null,
    x1: null,
    limit: EVENTS,
    magnitude: false,
    ordinals: null,
  });
  return pairs.flatMap(([slot]): [Slot, HistogramAnswer][] => {
    const answer = answers.find((one) => one.key === slot.fields[0].key);
    return answer?.columns.step.length ? [[slot, answer]] : [];
  });
}

function heatmap(slot: Slot, run: Run, answer: HistogramAnswer) {
  const title = slot.runs.length > 1 ? `${slot.title} · ${run.name}` : slot.title;
  const events = eventsFromColumns(answer.columns);
  const heat: Explored = { kind: 'heatmap', title, events };
  return { heat, characters: CELLS * events.step.length * CHARACTERS_A_BYTE };
}
