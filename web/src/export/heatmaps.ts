/** The histograms of an exported view: first one run of each key, then the others. */

import { queryHistograms } from '../api/client';
import type { HistogramAnswer, Key, Run } from '../api/types';
import { CELLS } from '../explore/figure';
import { eventsFromColumns } from '../math/events';
import { keyTitle } from '../math/keyTitle';
import { chunks, groupBy } from '../state/batcher';
import type { Explored } from '../state/explore';
import type { Found } from './collect';

/** Events of one heatmap. */
const EVENTS = 300;
const KEYS_A_REQUEST = 6;
/** Characters that all heatmaps of a file may take. */
const MOST_MEGABYTES = 24;
const CHARACTERS_A_BYTE = 4 / 3;

type Pair = [key: Key, run: Run];

export async function addHeatmaps(found: Found, keys: Key[], runs: Run[]): Promise<void> {
  const pairs = keys.map((key): Pair[] =>
    runs.filter(({ uid }) => key.runs.includes(uid)).map((run) => [key, run]),
  );
  const deepest = Math.max(0, ...pairs.map(({ length }) => length));
  const ranked = Array.from({ length: deepest }, (_, rank) =>
    pairs.flatMap((own) => own.slice(rank, rank + 1)),
  );
  const total = pairs.flat().length;
  let [room, drawn, strided] = [MOST_MEGABYTES * 1e6, 0, 0];
  for (const some of ranked.flatMap(requests)) {
    if (room <= 0) break;
    for (const [key, answer] of await ask(some)) {
      const { heat, characters } = heatmap(key, some[0][1], answer, runs.length > 1);
      room -= characters;
      drawn++;
      if (answer.stride > 1) strided++;
      found.add(key, heat);
    }
  }
  if (drawn < total && room <= 0) {
    found.left.push(`${total - drawn} of ${total} histograms, beyond ${MOST_MEGABYTES} MB of them`);
  }
  if (strided > 0) found.left.push(`in ${strided} histograms, events between the ${EVENTS} shown`);
}

/** Pairs of one run each, few enough for a request. */
const requests = (pairs: Pair[]): Pair[][] =>
  groupBy(pairs, ([, run]) => String(run.uid)).flatMap((own) => chunks(own, KEYS_A_REQUEST));

async function ask(pairs: Pair[]): Promise<[Key, HistogramAnswer][]> {
  const answers = await queryHistograms({
    runs: [pairs[0][1].uid],
    keys: pairs.map(([{ key }]) => key),
    x0: null,
    x1: null,
    limit: EVENTS,
    magnitude: false,
    ordinals: null,
  });
  return pairs.flatMap(([key]): [Key, HistogramAnswer][] => {
    const answer = answers.find((one) => one.key === key.key);
    return answer?.columns.step.length ? [[key, answer]] : [];
  });
}

function heatmap({ key }: Key, run: Run, answer: HistogramAnswer, several: boolean) {
  const title = several ? `${keyTitle(key)} · ${run.name}` : keyTitle(key);
  const events = eventsFromColumns(answer.columns);
  const heat: Explored = { kind: 'heatmap', title, events };
  return { heat, characters: CELLS * events.step.length * CHARACTERS_A_BYTE };
}
