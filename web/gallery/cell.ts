/** One chart of the gallery in a cell with its title and notes; what it called back is kept. */

import type { Callbacks, Chart, Legend, Moment, Note } from '../src/model/types';

type Make<Data, Options> = new (
  host: HTMLElement,
  data: Data,
  options: Options,
  callbacks: Callbacks,
) => Chart<Data, Options>;

export interface Shown {
  chart: Chart<never, never>;
  host: HTMLElement;
  /** Name and arguments of every callback but moments and notes. */
  calls: [name: string, ...values: unknown[]][];
  notes: string[];
  moment: Moment | null;
}

/** By title, for tests: `window.gallery`. */
export const gallery: Record<string, Shown> = {};

export function cell<Data, Options>(
  title: string,
  Chart: Make<Data, Options>,
  data: Data,
  options: Options,
  { wide = '', height = 190 } = {},
): Chart<Data, Options> {
  const root = document.createElement('div');
  root.className = `cell ${wide}`;
  const header = document.createElement('header');
  const name = document.createElement('b');
  name.textContent = title;
  const host = document.createElement('div');
  host.style.height = `${height}px`;
  header.append(name);
  root.append(header, host);
  document.getElementById('gallery')!.append(root);
  const shown: Omit<Shown, 'chart'> = { host, calls: [], notes: [], moment: null };
  const chart = new Chart(host, data, options, callbacksOf(shown, name, header));
  gallery[title] = Object.assign(shown, { chart: chart as unknown as Shown['chart'] });
  return chart;
}

function callbacksOf(
  shown: Omit<Shown, 'chart'>,
  name: HTMLElement,
  header: HTMLElement,
): Callbacks {
  const keep =
    (callback: string) =>
    (...values: unknown[]) => {
      shown.calls.push([callback, ...values]);
    };
  const legend = document.createElement('span');
  return {
    onNotes: (notes) => {
      shown.notes = notes.map((note) => note.text);
      header.replaceChildren(name, ...notes.map(badge), legend);
    },
    onLegend: (ends) => legend.replaceChildren(...rampOf(ends)),
    onMoment: (moment) => {
      shown.moment = moment;
      for (const other of Object.values(gallery)) {
        if (other.host !== shown.host) other.chart.showMoment(moment);
      }
    },
    onZoom: keep('zoom'),
    onValueZoom: keep('valueZoom'),
    onFull: keep('full'),
    onPick: keep('pick'),
    onCell: keep('cell'),
    onNearest: keep('nearest'),
  };
}

function badge(note: Note): HTMLElement {
  const element = document.createElement('span');
  element.className = note.tone;
  element.textContent = note.text;
  return element;
}

function rampOf({ from, to, unit }: Legend): (HTMLElement | string)[] {
  const ramp = document.createElement('i');
  ramp.className = 'ramp';
  ramp.title = unit;
  return [from, ramp, to];
}
