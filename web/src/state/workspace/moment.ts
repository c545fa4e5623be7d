/** The one moment that every panel shows: hovered in one of them, or pinned by a click. */

import { computed, signal } from '@preact/signals';
import type { Moment } from '../../model/types';
import { params, setParams } from '../view/view';

interface Hover {
  moment: Moment;
  /** The panel under the pointer; it draws its own crosshair. */
  source: string;
}

export const hover = signal<Hover | null>(null);

export const pinned = computed<Moment | null>(() => {
  const [axis, ...numbers] = (params.value.at ?? '').split('~');
  const [x, from, to] = numbers.map(Number);
  if (x === undefined) return null;
  const moment: Moment = { axis: axis as Moment['axis'], x, pinned: true };
  return to === undefined ? moment : { ...moment, range: [from, to] };
});

/** What a panel's chart calls when the pointer moves, clicks or leaves. */
export function reportMoment(source: string, moment: Moment | null): void {
  if (moment?.pinned) {
    const same = pinned.peek()?.x === moment.x;
    const place = [moment.axis, moment.x, ...(moment.range ?? [])].join('~');
    setParams({ at: same ? null : place }, 'replace');
  } else hover.value = moment && { moment, source };
}

export function unpin(): void {
  if (pinned.peek()) setParams({ at: null }, 'replace');
}
