/** One chart of the gallery in a cell with its title and notes. */

import type { Callbacks, Chart, Moment, Note } from '../src/charts/types';

type Make<Data, Options> = new (host: HTMLElement, callbacks: Callbacks) => Chart<Data, Options>;

const charts: Chart<never, never>[] = [];

export function cell<Data, Options>(
  title: string,
  Chart: Make<Data, Options>,
  data: Data,
  options: Options,
  { wide = '', height = 190 } = {},
): { chart: Chart<Data, Options>; host: HTMLElement } {
  const root = document.createElement('div');
  root.className = `cell ${wide}`;
  const header = document.createElement('header');
  const name = document.createElement('b');
  name.textContent = title;
  const host = document.createElement('div');
  host.style.height = `${height}px`;
  root.append(header, host);
  document.getElementById('gallery')!.append(root);
  const chart = new Chart(host, {
    onNotes: (notes) => header.replaceChildren(name, ...notes.map(badge)),
    onMoment: (moment) => showAll(moment),
  });
  header.append(name);
  chart.set(data, options);
  charts.push(chart as unknown as Chart<never, never>);
  return { chart, host };
}

function showAll(moment: Moment | null): void {
  for (const chart of charts) chart.showMoment(moment);
}

function badge(note: Note): HTMLElement {
  const element = document.createElement('span');
  element.className = note.tone;
  element.textContent = note.text;
  return element;
}
