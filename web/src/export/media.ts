/** Images, sound and tables of an exported view, the last steps first, as data URLs. */

import { ApiError, getBytes } from '../api/client';
import { mediaHref, mediaRows } from '../api/media';
import type { Run } from '../api/types';
import { parseJson } from '../math/jsonNumber';
import { lastItems, type MediaItem } from '../math/media';
import { counted } from '../math/numbers';
import { concatenated, type LoggedTable } from '../math/table';
import { ownersOf } from '../state/lines/metricLines';
import { base64 } from './pack';
import type { ExportedItem, ExportedMedia, Slot } from './types';

const MOST_MEGABYTES = 32;
const CHARACTERS_A_BYTE = 4 / 3;
/** Steps of a key in one run. */
const MOST_STEPS = 20;
const TAKEN = new Set(['image', 'audio', 'table']);

interface Wanted {
  panel: ExportedMedia;
  run: Run;
  step: number;
  items: MediaItem[];
  /** How many steps are later. */
  age: number;
}

export async function addMedia(slots: Slot[], left: string[]): Promise<void> {
  const wanted: Wanted[] = [];
  for (const { title, fields, runs, panels } of slots) {
    const panel: ExportedMedia = { kind: 'media', title, steps: [] };
    panels.push(panel);
    for (const run of ownersOf(fields, runs)) {
      const rows = await mediaRows(run.uid, fields[0].key, null);
      const values = rows.map(({ value }) => value);
      for (const [i, { step }] of rows.entries()) {
        const age = rows.length - 1 - i;
        const items = age < MOST_STEPS ? lastItems(values.slice(0, i + 1)) : [];
        wanted.push({ panel, run, step, items, age });
      }
    }
  }
  const early = wanted.filter(({ age }) => age >= MOST_STEPS).length;
  const taken = wanted.filter(({ age }) => age < MOST_STEPS).sort((a, b) => a.age - b.age);
  const budget = new Budget();
  for (const one of taken) await addStep(one, budget);
  for (const { steps } of new Set(wanted.map(({ panel }) => panel))) {
    steps.sort((a, b) => a.step - b.step);
  }
  left.push(...budget.leftOut());
  if (early > 0) left.push(`media of ${counted(early, 'step')} before the last ${MOST_STEPS}`);
}

/** What media have taken of the file, and what they have not. */
class Budget {
  private room = MOST_MEGABYTES * 1e6;
  private tooMuch = 0;
  missing = 0;
  others = 0;
  layers = 0;

  /** Whether so many bytes still fit. */
  take(bytes: number): boolean {
    const fits = bytes * CHARACTERS_A_BYTE <= this.room;
    if (fits) this.room -= bytes * CHARACTERS_A_BYTE;
    else this.tooMuch++;
    return fits;
  }

  leftOut(): string[] {
    const said: [number, string][] = [
      [this.tooMuch, `media beyond ${MOST_MEGABYTES} MB of them`],
      [this.others, 'media other than images, sound and tables'],
      [this.layers, 'boxes and masks of images'],
      [this.missing, 'media whose files are not on the server'],
    ];
    return said.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  }
}

async function addStep({ panel, run, step, items }: Wanted, budget: Budget): Promise<void> {
  const taken: ExportedItem[] = [];
  for (const item of items) {
    if (!TAKEN.has(item.kind)) {
      budget.others++;
      continue;
    }
    budget.layers += item.layers.length;
    const read = await readItem(run.uid, item, budget);
    if (read) taken.push(read);
  }
  if (taken.length > 0) panel.steps.push({ step, of: run.uid, run: run.name, items: taken });
}

async function readItem(
  uid: number,
  item: MediaItem,
  budget: Budget,
): Promise<ExportedItem | null> {
  try {
    const parts = await Promise.all([...item.before, item].map((part) => bytesOf(uid, part)));
    const bytes = parts.reduce((sum, { size }) => sum + size, 0);
    return budget.take(bytes) ? await exported(item, parts) : null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    budget.missing++;
    return null;
  }
}

const bytesOf = async (uid: number, { path, sha256 }: MediaItem): Promise<Blob> =>
  getBytes(await mediaHref(uid, path, sha256));

async function exported({ kind, caption }: MediaItem, parts: Blob[]): Promise<ExportedItem> {
  if (kind === 'table') {
    const texts = await Promise.all(parts.map((part) => part.text()));
    const { columns, data } = concatenated(
      texts.map((one) => parseJson(one) as unknown as LoggedTable),
    );
    return { kind, caption, columns, rows: data };
  }
  const [bytes] = parts;
  const text = base64(new Uint8Array(await bytes.arrayBuffer()));
  const shown = kind === 'audio' ? kind : 'image';
  return { kind: shown, caption, url: `data:${bytes.type};base64,${text}` };
}
