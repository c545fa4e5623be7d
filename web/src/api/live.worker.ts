/**
 * Holds the one event stream of this browser and passes what it says to every tab.
 * Browsers allow six connections to a server: a stream in each tab would starve the seventh.
 */

import type { LiveMessage } from './types';

const ports = new Set<MessagePort>();
const RETRY_MS = 3000;
let source: EventSource | null = null;
let lastVersion = 0;
let state: LiveMessage = { kind: 'state', open: false };

function tell(message: LiveMessage): void {
  for (const port of ports) port.postMessage(message);
}

function setOpen(open: boolean): void {
  state = { kind: 'state', open };
  tell(state);
}

function connect(): void {
  source = new EventSource(lastVersion ? `/api/events?since=${lastVersion}` : '/api/events');
  source.addEventListener('open', () => setOpen(true));
  source.addEventListener('change', (event) => {
    const change = JSON.parse(event.data);
    lastVersion = Math.max(lastVersion, change.version);
    tell({ kind: 'change', change });
  });
  source.addEventListener('reset', () => tell({ kind: 'reset' }));
  source.addEventListener('error', () => {
    setOpen(false);
    if (source?.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  });
}

function leave(port: MessagePort): void {
  ports.delete(port);
  if (ports.size > 0) return;
  source?.close();
  source = null;
}

addEventListener('connect', (event) => {
  const port = (event as MessageEvent).ports[0]!;
  ports.add(port);
  port.addEventListener('message', () => leave(port));
  port.start();
  port.postMessage(state);
  if (!source) connect();
});
