/** Live changes of the server for this tab, through the shared worker or by polling. */

import { signal } from '@preact/signals';
import type { Change, LiveMessage } from './types';

/** `null`: everything may have changed. */
type Listener = (change: Change | null) => void;

const POLL_MS = 5000;
const STALE_AFTER_MS = 10_000;
const UNHEARD_MS = 40_000;
const listeners = new Set<Listener>();
let staleTimer = 0;

/** Since when (ms of the clock) the stream is broken; null while it is open. */
export const brokenSince = signal<number | null>(null);
/** For how many seconds no word came before it was given up; 0 where it broke otherwise. */
export const silentFor = signal(0);
/** Whether it has been broken for so long that what is on screen may be old. */
export const stale = signal(false);

function notify(change: Change | null): void {
  for (const listener of listeners) listener(change);
}

function setOpen(open: boolean): void {
  if (open || brokenSince.peek() === null) {
    clearTimeout(staleTimer);
    staleTimer = open ? 0 : setTimeout(() => (stale.value = true), STALE_AFTER_MS);
    brokenSince.value = open ? null : Date.now();
  }
  if (!open) return;
  silentFor.value = 0;
  stale.value = false;
  notify(null); // what changed before the stream was open has told nobody
}

function receive(message: LiveMessage): void {
  if (message.kind === 'silent') {
    if (brokenSince.peek() === null) silentFor.value = message.seconds; // else it is counted
    stale.value = true;
  } else if (message.kind === 'state') setOpen(message.open);
  else notify(message.kind === 'change' ? message.change : null);
}

function startWorker(): void {
  const worker = new SharedWorker(new URL('./live.worker.ts', import.meta.url), {
    type: 'module',
    name: 'lossboard-live',
  });
  let first = true;
  // The worker's code may never come: then nobody else notices.
  const unheard = setTimeout(() => {
    receive({ kind: 'silent', seconds: UNHEARD_MS / 1000 });
    setOpen(false);
  }, UNHEARD_MS);
  worker.port.addEventListener('message', ({ data }: MessageEvent<LiveMessage>) => {
    if (first && data.kind === 'state' && !data.open) return; // still connecting, not broken
    first = false;
    clearTimeout(unheard);
    receive(data);
  });
  worker.port.start();
  addEventListener('pagehide', () => worker.port.postMessage('leave'));
  addEventListener('pageshow', (event) => event.persisted && location.reload());
}

function startPolling(): void {
  setInterval(() => document.hidden || notify(null), POLL_MS);
}

/** Starts once at page start. */
export function startLive(): void {
  if (typeof SharedWorker === 'function') startWorker();
  else startPolling();
}

/** Calls back at each change; returns how to stop. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
