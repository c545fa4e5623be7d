/** Undo and redo of what was changed in the view. */

import { computed, effect, signal } from '@preact/signals';
import type { Params } from './address';
import { base, params, setParams } from './view';

/** Where one looks, as opposed to how it is set up: not undone. */
const PASSING = new Set(['at', 'focus', 'state', 'fevent', 'trun']);
const MOST_STEPS = 100;
/** Changes closer together than this (a slider, typing) are one step. */
const ONE_STEP_MS = 800;

const past = signal<Params[]>([]);
const future = signal<Params[]>([]);
export const canUndo = computed(() => past.value.length > 0);
export const canRedo = computed(() => future.value.length > 0);

let known: Params = lasting(params.peek());
let path = location.pathname;
let changedAt = Number.NEGATIVE_INFINITY;

function lasting(all: Params): Params {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !PASSING.has(name)));
}

/** Whether what the address names is still on its way: its arrival is no change of the user. */
export const arriving = computed(() => base.value?.known === false || 'state' in params.value);

const same = (a: Params, b: Params): boolean => JSON.stringify(a) === JSON.stringify(b);

function note(next: Params, isFirst: boolean): void {
  if (isFirst || location.pathname !== path) {
    path = location.pathname;
    past.value = [];
    future.value = [];
  } else if (!same(next, known)) {
    const now = performance.now();
    if (now - changedAt > ONE_STEP_MS) past.value = [...past.peek(), known].slice(-MOST_STEPS);
    changedAt = now;
    future.value = [];
  }
  known = next;
}

export function startHistory(): void {
  let wasArriving = false;
  effect(() => {
    const next = lasting(params.value);
    const isFirst = wasArriving;
    wasArriving = arriving.value;
    queueMicrotask(() => note(next, isFirst));
  });
}

/** Makes the view what these parameters say, but for what is passing. */
function applyParams(wanted: Params): void {
  const gone = Object.keys(lasting(params.peek())).filter((name) => !(name in wanted));
  setParams({ ...Object.fromEntries(gone.map((name) => [name, null])), ...wanted }, 'push');
}

export const lastingParams = (): Params => lasting(params.peek());

export const passingParams = (): Params =>
  Object.fromEntries(Object.entries(params.peek()).filter(([name]) => PASSING.has(name)));

function move(from: typeof past, to: typeof past): void {
  const target = from.peek().at(-1);
  if (!target) return;
  from.value = from.peek().slice(0, -1);
  to.value = [...to.peek(), known];
  known = target;
  changedAt = Number.NEGATIVE_INFINITY;
  applyParams(target);
}

export const undo = (): void => move(past, future);
export const redo = (): void => move(future, past);
