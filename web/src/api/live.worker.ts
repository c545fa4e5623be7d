/**
 * Holds the one event stream of this browser and passes what it says to every tab.
 * Browsers allow six connections to a server: a stream in each tab would starve the seventh.
 */

import type { LiveMessage } from './types';

const ports = new Set<MessagePort>();
const RETRY_MS = 3000;
/** Silence for so many intervals of the server's pings means that nobody is there. */
const MISSED_PINGS = 8 / 3;
let silenceMs = 15_000 * MISSED_PINGS;
let watchdog = 0;
let source: EventSource | null = null;
let lastVersion = 0;
let retry: ReturnType<typeof setTimeout> | undefined;
let state: LiveMessage = { kind: 'state', open: false };

function tell(message: LiveMessage): void {
  for (const port of ports) port.postMessage(message);
}

function setOpen(open: boolean): void {
  state = { kind: 'state', open };
  tell(state);
}

/** Something came; if nothing more does, the connection is given up and another one tried. */
function heard(): void {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => {
    source?.close();
    tell({ kind: 'silent', seconds: Math.round(silenceMs / 1000) });
    setOpen(false);
    connect();
  }, silenceMs);
}

function connect(): void {
  clearTimeout(retry);
  source?.close();
  heard();
  source = new EventSource(lastVersion ? `/api/events?since=${lastVersion}` : '/api/events');
  source.addEventListener('open', () => {
    heard();
    setOpen(true);
  });
  source.addEventListener('ping', (event) => {
    silenceMs = JSON.parse(event.data).every_secs * 1000 * MISSED_PINGS;
    heard();
  });
  source.addEventListener('change', (event) => {
    heard();
    const change = JSON.parse(event.data);
    lastVersion = Math.max(lastVersion, change.version);
    tell({ kind: 'change', change });
  });
  source.addEventListener('reset', () => tell({ kind: 'reset' }));
  source.addEventListener('error', () => {
    setOpen(false);
    if (source?.readyState === EventSource.CLOSED) {
      retry = setTimeout(connect, RETRY_MS);
    }
  });
}

function leave(port: MessagePort): void {
  ports.delete(port);
  if (ports.size > 0) return;
  clearTimeout(watchdog);
  clearTimeout(retry);
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
