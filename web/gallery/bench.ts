/**
 * Times of the charts for `bench/charts.py`, which opens this page and calls `window.bench`. Every
 * sample is [JavaScript ms, frame ms]: the time inside the calls, and until after the next painted
 * frame. The same pictures drawn by Plotly are the peer.
 */

import { HeatPanel } from '../src/charts/histograms/heatPanel';
import { StepPanel } from '../src/charts/histograms/stepPanel';
import { LinePanel } from '../src/charts/lines/linePanel';
import { evenEdges, HistogramTable } from '../src/math/histogram';
import { bandwidth, kde } from '../src/math/kde';
import { rebinEvents } from '../src/math/rebin';
import { smooth } from '../src/math/smooth';
import type { HeatOptions, Line, LineOptions, StepOptions } from '../src/model/types';
import './bench.css';
import { makeLine, makeSeries, STEPS } from './data';

type Sample = [script: number, frame: number];

interface Plotly {
  newPlot(host: HTMLElement, data: unknown[], layout: object, config: object): Promise<void>;
  react(host: HTMLElement, data: unknown[], layout: object, config: object): Promise<void>;
  purge(host: HTMLElement): void;
  Fx: { hover(host: HTMLElement, points: object[]): void };
}

declare global {
  interface Window {
    Plotly: Plotly;
  }
}

const NONE = { min: null, max: null };
const LINE_OPTIONS: LineOptions = {
  x: { kind: 'step', log: false, window: NONE },
  y: { log: false, window: NONE, ignoreOutliers: false },
  aggregate: 'mean',
  envelope: true,
  smoothing: { kind: 'twema', amount: 0.9, showOriginal: true },
  xRange: STEPS,
  highlighted: null,
};
const HEAT_OPTIONS: HeatOptions = {
  x: { kind: 'step', window: NONE },
  value: { scale: 'linear', window: NONE, full: false },
  color: 'log',
  margin: true,
  pins: [],
};
const STEP_OPTIONS: StepOptions = {
  draw: 'both',
  bandwidth: 1,
  y: 'auto',
  x: { scale: 'linear', window: NONE },
};

const sheet = document.getElementById('sheet')!;

function frame(): Promise<void> {
  return new Promise((resolve) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve();
      port2.postMessage(0);
    }),
  );
}

async function timed(work: () => unknown): Promise<Sample> {
  await frame();
  const start = performance.now();
  await work();
  const script = performance.now() - start;
  await frame();
  return [script, performance.now() - start];
}

/** Lets layers and other later painting finish. */
async function settled(): Promise<void> {
  for (let i = 0; i < 40; i++) await frame();
}

function hosts(count: number): HTMLElement[] {
  sheet.replaceChildren();
  return Array.from({ length: count }, () => {
    const host = document.createElement('div');
    host.className = 'plot';
    sheet.append(host);
    return host;
  });
}

function linesOf(panel: number, runs = 10): Line[] {
  return Array.from({ length: runs }, (_, slot) =>
    makeLine({ slot, label: `run-${slot}`, from: 6, to: 1 + slot / 5 }, panel * 100 + slot),
  );
}

async function linePanels(count: number): Promise<{ panels: LinePanel[]; first: Sample }> {
  const places = hosts(count);
  const data = places.map((_, i) => linesOf(i));
  const panels: LinePanel[] = [];
  const first = await timed(() => {
    for (const [i, host] of places.entries()) {
      const panel = new LinePanel(host, data[i], LINE_OPTIONS, {
        onMoment: (moment) => {
          for (const other of panels) if (other !== panel) other.showMoment(moment);
        },
      });
      panels.push(panel);
    }
  });
  await settled();
  return { panels, first };
}

function destroyAll(charts: { destroy(): void }[]): void {
  for (const chart of charts) chart.destroy();
  sheet.replaceChildren();
}

/** After a collection: objects only, as array buffers are not on the heap. */
async function usedBytes(): Promise<number> {
  const engine = window as unknown as { gc(): void };
  for (let i = 0; i < 3; i++) {
    engine.gc();
    await settled();
  }
  return (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize;
}

const bench = {
  async firstDraw(count: number, rounds: number): Promise<Sample[]> {
    const samples: Sample[] = [];
    for (let i = 0; i < rounds; i++) {
      const { panels, first } = await linePanels(count);
      samples.push(first);
      destroyAll(panels);
    }
    return samples;
  },

  /** The layers (envelopes, originals) that follow the first draw in later frames. */
  async layers(count: number): Promise<number> {
    const { panels } = await linePanels(count);
    for (const panel of panels) panel.resize(401, 224);
    const start = performance.now();
    for (const panel of panels) panel.resize(400, 224);
    const spent = performance.now() - start;
    destroyAll(panels);
    return spent;
  },

  async smoothing(rounds: number, kind: 'twema' | 'gaussian' = 'twema'): Promise<Sample[]> {
    const { panels } = await linePanels(9);
    const samples: Sample[] = [];
    for (let i = 0; i < rounds; i++) {
      const amount = kind === 'twema' ? 0.5 + (0.49 * i) / rounds : 1000 + 20000 * (i / rounds);
      samples.push(
        await timed(() => {
          for (const panel of panels) panel.smooth({ kind, amount, showOriginal: true });
        }),
      );
    }
    destroyAll(panels);
    return samples;
  },

  async hover(rounds: number): Promise<Sample[]> {
    const { panels } = await linePanels(9);
    const chart = sheet.querySelector('.chart') as HTMLElement;
    const bounds = chart.getBoundingClientRect();
    const margin = 50;
    const samples: Sample[] = [];
    for (let i = 0; i < rounds; i++) {
      const clientX = bounds.left + margin + ((bounds.width - margin - 10) * i) / rounds;
      const clientY = bounds.top + bounds.height / 2;
      samples.push(
        await timed(() => {
          chart.dispatchEvent(new PointerEvent('pointermove', { clientX, clientY, bubbles: true }));
        }),
      );
    }
    destroyAll(panels);
    return samples;
  },

  async steps(rounds: number): Promise<Sample[]> {
    const places = hosts(9);
    const tables = places.map(
      (_, i) =>
        new HistogramTable(makeSeries(`g${i}`, i, { events: rounds, values: 2000 }, i).events),
    );
    const panels = places.map((host) => new StepPanel(host, [], STEP_OPTIONS));
    const show = (event: number) => {
      for (const [i, panel] of panels.entries()) {
        const histogram = tables[i].at(event);
        const overlay = { id: 'a', label: 'a', color: `--c${i}`, reference: false, histogram };
        panel.set([overlay], STEP_OPTIONS);
      }
    };
    show(0);
    await settled();
    const samples: Sample[] = [];
    for (let i = 1; i < rounds; i++) samples.push(await timed(() => show(i)));
    destroyAll(panels);
    return samples;
  },

  async heatmaps(rounds: number): Promise<Sample[]> {
    const series = Array.from({ length: 12 }, (_, i) =>
      makeSeries(`g${i}`, i, { events: 500, values: 2000 }, i),
    );
    const samples: Sample[] = [];
    for (let round = 0; round < rounds; round++) {
      const places = hosts(12);
      const panels: HeatPanel[] = [];
      samples.push(
        await timed(() => {
          for (const [i, host] of places.entries()) {
            panels.push(new HeatPanel(host, series[i], HEAT_OPTIONS));
          }
        }),
      );
      await settled();
      destroyAll(panels);
    }
    return samples;
  },

  /**
   * MB that 30 panels x 10 runs x 1,000 buckets add to the JS heap. The browser must be started with --js-flags=--expose-gc.
   */
  async heap(): Promise<number> {
    const before = await usedBytes();
    const { panels } = await linePanels(30);
    const used = (await usedBytes()) - before;
    destroyAll(panels);
    return used / 1e6;
  },

  async plotlySmoothing(rounds: number): Promise<Sample[]> {
    const places = hosts(9);
    const data = places.map((_, i) => linesOf(i));
    for (const [i, host] of places.entries()) await drawPlotly(host, data[i], 0.5, 'newPlot');
    const samples: Sample[] = [];
    for (let i = 0; i < rounds; i++) {
      const amount = 0.5 + (0.49 * i) / rounds;
      samples.push(
        await timed(() =>
          Promise.all(places.map((host, k) => drawPlotly(host, data[k], amount, 'react'))),
        ),
      );
    }
    for (const host of places) window.Plotly.purge(host);
    return samples;
  },

  async plotlyFirstDraw(count: number, rounds: number): Promise<Sample[]> {
    const samples: Sample[] = [];
    for (let round = 0; round < rounds; round++) {
      const places = hosts(count);
      const data = places.map((_, i) => linesOf(i));
      samples.push(
        await timed(async () => {
          for (const [i, host] of places.entries()) await drawPlotly(host, data[i], 0.9, 'newPlot');
        }),
      );
      for (const host of places) window.Plotly.purge(host);
    }
    return samples;
  },

  async plotlySteps(rounds: number): Promise<Sample[]> {
    const places = hosts(9);
    const tables = places.map(
      (_, i) =>
        new HistogramTable(makeSeries(`g${i}`, i, { events: rounds, values: 2000 }, i).events),
    );
    for (const [i, host] of places.entries()) await stepPlotly(host, tables[i], 0, 'newPlot');
    const samples: Sample[] = [];
    for (let event = 1; event < rounds; event++) {
      samples.push(
        await timed(() =>
          Promise.all(places.map((host, i) => stepPlotly(host, tables[i], event, 'react'))),
        ),
      );
    }
    for (const host of places) window.Plotly.purge(host);
    return samples;
  },

  async plotlyHeatmaps(rounds: number): Promise<Sample[]> {
    const tables = Array.from(
      { length: 12 },
      (_, i) => new HistogramTable(makeSeries(`g${i}`, i, { events: 500, values: 2000 }, i).events),
    );
    const samples: Sample[] = [];
    for (let round = 0; round < rounds; round++) {
      const places = hosts(12);
      samples.push(
        await timed(async () => {
          for (const [i, host] of places.entries()) await heatPlotly(host, tables[i]);
        }),
      );
      for (const host of places) window.Plotly.purge(host);
    }
    return samples;
  },

  async plotlyHover(rounds: number): Promise<Sample[]> {
    const places = hosts(9);
    for (const [i, host] of places.entries()) await drawPlotly(host, linesOf(i), 0.9, 'newPlot');
    const samples: Sample[] = [];
    for (let i = 0; i < rounds; i++) {
      const pointNumber = Math.floor((i * 1000) / rounds);
      samples.push(
        await timed(() => {
          for (const host of places)
            window.Plotly.Fx.hover(host, [{ curveNumber: 0, pointNumber }]);
        }),
      );
    }
    for (const host of places) window.Plotly.purge(host);
    return samples;
  },
};

const LAYOUT = {
  width: 400,
  height: 224,
  margin: { l: 40, r: 6, t: 6, b: 22 },
  showlegend: false,
  hovermode: 'x unified',
};
const CONFIG = { displayModeBar: false };

type Verb = 'newPlot' | 'react';

function drawPlotly(host: HTMLElement, lines: Line[], amount: number, verb: Verb): Promise<void> {
  const traces = lines.map(({ x, mean, finite, spacing }, slot) => ({
    type: 'scatter',
    mode: 'lines',
    x: Array.from(x),
    y: Array.from(smooth('twema', amount, { x, mean, count: finite, xRange: STEPS, spacing })),
    line: { width: 1, color: `hsl(${slot * 47} 65% 50%)` },
  }));
  return window.Plotly[verb](host, traces, LAYOUT, CONFIG);
}

function stepPlotly(
  host: HTMLElement,
  table: HistogramTable,
  event: number,
  verb: Verb,
): Promise<void> {
  const h = table.at(event);
  const edges = evenEdges(h.lo, h.hi, h.counts.length);
  const width = (h.hi - h.lo) / h.counts.length;
  const bins = { edges, counts: h.counts };
  const at = evenEdges(h.lo, h.hi, 239);
  const curve = kde(bins, bandwidth(bins, 1), at).map((value) => value * width);
  const bars = { type: 'bar', x: Array.from(edges.subarray(1)), y: Array.from(h.counts), width };
  const line = { type: 'scatter', mode: 'lines', x: Array.from(at), y: Array.from(curve) };
  return window.Plotly[verb](host, [bars, line], { ...LAYOUT, bargap: 0 }, CONFIG);
}

function heatPlotly(host: HTMLElement, table: HistogramTable): Promise<void> {
  const cells = 64;
  const chosen = Array.from({ length: table.length }, (_, i) => i);
  const edges = evenEdges(-0.2, 0.2, cells);
  const { mass } = rebinEvents(table, chosen, edges, false);
  const z = Array.from({ length: cells }, (_, row) =>
    chosen.map((event) => Math.log1p(mass[event * cells + row])),
  );
  return window.Plotly.newPlot(host, [{ type: 'heatmap', z, showscale: false }], LAYOUT, CONFIG);
}

Object.assign(window, { bench, benchReady: true });
