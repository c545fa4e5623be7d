/** The settings and the result of runs, and what a worker finds out about them. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import { type Importance, refusal, type Setting } from '../../math/importance';
import type { Json } from '../../model/json';
import { asNumber, asText } from '../runs/filters';
import { columnName, columnsOf } from '../runs/runColumns';
import { runValue } from '../runs/visibility';
import type { Asked } from './importance.worker';

/** The newest are enough, and keep the time in bounds. */
const MOST_RUNS = 1000;

export interface Sample extends Asked {
  /** Runs with a number for the result that were left out because they are too many. */
  left: number;
  refusal: string | null;
}

/** Runs whose result is a finite number, and all their settings. */
export function sampleOf(runs: Run[], by: string): Sample {
  const known = runs.filter((run) => Number.isFinite(asNumber(runValue(run, by)) ?? Number.NaN));
  const taken = known.slice(0, MOST_RUNS);
  const target = Float64Array.from(taken, (run) => asNumber(runValue(run, by))!);
  const settings = columnsOf(runs)
    .filter((column) => column.startsWith('config.'))
    .map((column): Setting => {
      const values = taken.map((run) => settingValue(runValue(run, column)));
      return { name: columnName(column), values };
    });
  const left = known.length - taken.length;
  return { settings, target, left, refusal: refusal(settings, target, runs.length) };
}

/** What is neither a finite number nor nothing counts as a text. */
function settingValue(value: Json | undefined): number | string | null {
  if (value === undefined || value === null || value === '') return null;
  const number = asNumber(value);
  return number !== null && Number.isFinite(number) ? number : asText(value);
}

/** Computes one sample after the other; of those that come meanwhile only the last one. */
class Grower {
  private readonly worker = new Worker(new URL('./importance.worker.ts', import.meta.url), {
    type: 'module',
    name: 'lossboard-importance',
  });
  private busy = false;
  private next: Asked | null = null;

  constructor(found: (importance: Importance) => void) {
    this.worker.onmessage = ({ data }: MessageEvent<Importance>) => {
      this.busy = false;
      found(data);
      if (this.next) this.ask(this.next);
    };
  }

  ask({ settings, target }: Asked): void {
    this.next = this.busy ? { settings, target } : null;
    if (this.busy) return;
    this.busy = true;
    this.worker.postMessage({ settings, target });
  }

  close(): void {
    this.worker.terminate();
  }
}

/** Null until it is computed; while runs change, the last that was. */
export function useImportance(sample: Sample): Importance | null {
  const [found, setFound] = useState<Importance | null>(null);
  const grower = useRef<Grower | null>(null);
  useEffect(() => {
    if (sample.refusal) return;
    grower.current ??= new Grower(setFound);
    grower.current.ask(sample);
  }, [sample]);
  useEffect(() => () => grower.current?.close(), []);
  return sample.refusal ? null : found;
}
