/** The uPlot of a line panel: axes, grid, scales and the drag that zooms. It draws no series. */

import uPlot from 'uplot';
import type { Ticks } from '../math/ticks';
import { labelColumn } from './axes';
import type { LineModel } from './lineModel';
import { theme } from './theme';

export const X_AXIS_HEIGHT = 22;
const PADDING: uPlot.Padding = [6, 6, 0, 0];
const LINEAR_SCALE = 1;
const LOG_SCALE = 3;
const DRAG_PIXELS = 4;

export interface PlotSetup {
  width: number;
  height: number;
  log: { x: boolean; y: boolean };
  model(): LineModel;
  ticks(): { x: Ticks; y: Ticks };
  /** Dragged over the plot: CSS pixels from its left edge. */
  select(left: number, width: number): void;
  /** Double click. */
  reset(): void;
}

export function createPlot(host: HTMLElement, setup: PlotSetup): uPlot {
  const distr = (log: boolean) => (log ? LOG_SCALE : LINEAR_SCALE);
  const options: uPlot.Options = {
    width: setup.width,
    height: setup.height,
    legend: { show: false },
    padding: PADDING,
    cursor: cursorOf(setup),
    scales: {
      x: { time: false, distr: distr(setup.log.x), range: () => setup.model().x },
      y: { distr: distr(setup.log.y), range: () => setup.model().y },
    },
    axes: axesOf(setup),
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: { drawAxes: [drawBaseline], setSelect: [(plot) => onSelect(plot, setup)] },
  };
  const { x, y } = setup.model();
  // batch draws before it returns; uPlot would else wait for a microtask and erase what we add
  return new uPlot(options, [x, y], (plot, init) => {
    host.append(plot.root);
    plot.batch(init);
  });
}

/** Draws axes and grid anew, at once. */
export function redrawPlot(plot: uPlot, { x, y }: LineModel, width: number, height: number): void {
  plot.batch(() => {
    if (plot.width !== width || plot.height !== height) plot.setSize({ width, height });
    plot.setData([x, y]);
  });
}

function cursorOf(setup: PlotSetup): uPlot.Cursor {
  const onDoubleClick = () => {
    setup.reset();
    return null;
  };
  return {
    x: false,
    y: false,
    points: { show: false },
    drag: { x: true, y: false, setScale: false, dist: DRAG_PIXELS },
    bind: { dblclick: () => onDoubleClick },
  };
}

function axesOf(setup: PlotSetup): uPlot.Axis[] {
  const common: uPlot.Axis = {
    font: theme().font,
    stroke: () => theme().ink3,
    ticks: { show: false },
    border: { show: false },
    filter: (_, splits) => splits,
  };
  return [
    {
      ...common,
      size: X_AXIS_HEIGHT,
      gap: 5,
      grid: { show: false },
      splits: () => setup.ticks().x.values,
      values: () => setup.ticks().x.labels,
    },
    {
      ...common,
      size: () => labelColumn(setup.ticks().y.labels),
      gap: 6,
      grid: { stroke: () => theme().grid, width: 1 },
      splits: () => setup.ticks().y.values,
      values: () => setup.ticks().y.labels,
    },
  ];
}

function onSelect(plot: uPlot, setup: PlotSetup): void {
  const { left, width } = plot.select;
  if (width <= 0) return;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  setup.select(left, width);
}

function drawBaseline(plot: uPlot): void {
  const { left, top, width, height } = plot.bbox;
  plot.ctx.save(); // uPlot remembers the styles that it has set
  plot.ctx.fillStyle = theme().line2;
  plot.ctx.fillRect(left, top + height, width, Math.round(devicePixelRatio || 1));
  plot.ctx.restore();
}
