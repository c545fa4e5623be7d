/** The histogram that is open, with its two steps: B the current one, A the reference. */

import { computed } from '@preact/signals';
import { params, samePicture, setParams } from '../view/view';
import type { EventSeries } from './histograms';

/** Stands for the empty key, as an empty parameter is none. */
const EMPTY_KEY = '""';

/** Key of the open histogram, or null. */
export const focusKey = computed(() => {
  const key = params.value.focus ?? null;
  return key === EMPTY_KEY ? '' : key;
});
/** Run whose histogram is open; null: the first that has it. */
export const focusRun = computed(() => Number(params.value.frun) || null);
/** Ordinals of the events: identity, so that a growing run moves nothing. */
export const currentOrdinal = computed(() => numberOf(params.value.ev));
export const referenceOrdinal = computed(() => numberOf(params.value.ref));

function numberOf(text: string | undefined): number | null {
  return text === undefined || Number.isNaN(Number(text)) ? null : Number(text);
}

export function openFocus(key: string, run: number | null, ordinal: number | null): void {
  const ev = ordinal === null ? null : String(ordinal);
  const frun = run === null ? null : String(run);
  setParams({ focus: key || EMPTY_KEY, frun, ev, ref: null }, 'push');
}

const OPEN = ['focus', 'frun', 'ev', 'ref', 'cmp'] as const;

export function closeFocus(): void {
  setParams(Object.fromEntries(OPEN.map((name) => [name, null])), 'push');
}

/** The address of another page of the project with what is chosen here; no histogram is open there. */
export const besideHref = (path: string): string => samePicture(path, OPEN);

/** Opens another tensor at the same step. */
export function moveFocus(key: string): void {
  setParams({ focus: key || EMPTY_KEY }, 'replace');
}

export function setCurrent(ordinal: number | null): void {
  setParams({ ev: ordinal === null ? null : String(ordinal) }, 'replace');
}

export function setReference(ordinal: number | null): void {
  setParams({ ref: ordinal === null ? null : String(ordinal) }, 'replace');
}

/** Position of an event by its ordinal; the last one for null or an ordinal that was strided out. */
export function indexOf({ events }: EventSeries, ordinal: number | null): number {
  const found = ordinal === null ? -1 : events.ordinal.indexOf(ordinal);
  return found >= 0 ? found : events.ordinal.length - 1;
}
