/**
 * The document of Explore: gets a panel's own arrays from the dashboard, loads plotly.js on demand
 * and draws them with the dashboard's tokens.
 */

import './explore.css';
import { figureOf } from './explore/figure';
import { loadOutlines } from './explore/outlines';
import type { Explored } from './state/explore';

interface Message {
  script: string;
  what: Explored | null;
  tokens: Record<string, string>;
  dark: boolean;
}

interface Plotly {
  react(host: HTMLElement, data: unknown[], layout: object, config: object): Promise<unknown>;
}

const host = document.getElementById('plot')!;
const words = document.getElementById('words')!;
const remarks = document.getElementById('notes')!;
let loading: Promise<Plotly> | null = null;

function load(script: string): Promise<Plotly> {
  loading ??= new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = script;
    element.onload = () => resolve((window as unknown as { Plotly: Plotly }).Plotly);
    element.onerror = () => {
      loading = null; // so that the next figure asks again
      reject(new Error(`${script} could not be loaded from the server.`));
    };
    document.head.append(element);
  });
  return loading;
}

async function draw({ script, what, tokens, dark }: Message): Promise<void> {
  document.body.style.background = tokens.bg;
  document.body.style.color = tokens.ink2;
  if (!what) {
    await load(script);
    return;
  }
  words.textContent = loading ? '' : 'Loading Plotly, 5.2 MB from this server…';
  const plotly = await load(script);
  words.textContent = '';
  const { data, layout, notes = [] } = figureOf(what, tokens, dark);
  remarks.textContent = notes.join(' ');
  await loadOutlines(data, layout);
  await plotly.react(host, data, layout, { responsive: true, displaylogo: false });
}

addEventListener('message', (event: MessageEvent<Message>) => {
  if (event.origin !== location.origin || event.source !== parent) return;
  draw(event.data).catch((error: Error) => {
    words.textContent = error.message;
  });
});

addEventListener('keydown', (event) => {
  if (event.key === 'Escape') parent.postMessage('close', location.origin);
});

parent.postMessage('ready', location.origin);
