/** Order and size of panels, as far as the user has changed them. */

import { computed } from '@preact/signals';
import { params, setParams } from './view';

export interface PanelSize {
  /** Columns of the grid. */
  span: number;
  heightPixels: number;
}

const LEAST_HEIGHT = 160;
const MOST_HEIGHT = 960;
const HEIGHT_STEP = 8;

const encode = (text: string): string => encodeURIComponent(text).replaceAll('~', '%7E');

function parseSizes(text: string | undefined): Map<string, PanelSize> {
  const sizes = new Map<string, PanelSize>();
  for (const part of (text ?? '').split(';')) {
    const [id, span, height] = part.split('~');
    if (!id || !(Number(span) >= 1) || !(Number(height) > 0)) continue;
    sizes.set(decodeURIComponent(id), { span: Number(span), heightPixels: Number(height) });
  }
  return sizes;
}

export const panelSizes = computed(() => parseSizes(params.value.size));

export function setSize(id: string, size: PanelSize | null, mode: 'push' | 'replace'): void {
  setParams({ size: sizesWith(id, size) }, mode);
}

/** The sizes as the address has them, with that of one panel; null: without it. */
export function sizesWith(id: string, size: PanelSize | null): string {
  const sizes = new Map(panelSizes.peek());
  if (size) sizes.set(id, boundedSize(size));
  else sizes.delete(id);
  const parts = [...sizes].map(([name, { span, heightPixels }]) =>
    [encode(name), span, heightPixels].join('~'),
  );
  return parts.join(';');
}

function boundedSize({ span, heightPixels }: PanelSize): PanelSize {
  const height = Math.round(heightPixels / HEIGHT_STEP) * HEIGHT_STEP;
  return {
    span: Math.min(6, Math.max(1, Math.round(span))),
    heightPixels: Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, height)),
  };
}

function parseOrder(text: string | undefined): Map<string, string[]> {
  const orders = new Map<string, string[]>();
  for (const part of (text ?? '').split(';')) {
    const [section, ...ids] = part.split('~').map(decodeURIComponent);
    if (section) orders.set(section, ids);
  }
  return orders;
}

const orders = computed(() => parseOrder(params.value.order));

/** Panels of a section: those that were moved in their order, the others after them. */
export function inOrder<T>(section: string, items: T[], idOf: (item: T) => string): T[] {
  const order = orders.value.get(section);
  if (!order) return items;
  const places = new Map(order.map((id, place) => [id, place]));
  const place = (item: T) => places.get(idOf(item)) ?? order.length;
  return [...items].sort((a, b) => place(a) - place(b));
}

/** Puts a panel to the place of another one of its section; `ids` are all as they stand now. */
export function movePanel(section: string, ids: string[], moved: string, target: string): void {
  const to = ids.indexOf(target);
  if (to < 0 || moved === target || !ids.includes(moved)) return;
  const rest = ids.filter((id) => id !== moved);
  const next = new Map(orders.peek());
  next.set(section, [...rest.slice(0, to), moved, ...rest.slice(to)]);
  const parts = [...next].map(([name, list]) => [name, ...list].map(encode).join('~'));
  setParams({ order: parts.join(';') }, 'push');
}
