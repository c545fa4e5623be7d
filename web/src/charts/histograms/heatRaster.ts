/** The cells of a heatmap as an image: one column per device pixel, cells 2 CSS pixels high. */

import { RAMP_STEPS } from '../../math/color';
import { type Rebinned, rebinEvents } from '../../math/rebin';
import { edgesBetween, LINEAR } from '../../math/scale';
import type { HeatOptions } from '../../model/types';
import { imageSource } from '../scratch';
import type { Box } from '../surface';
import { theme } from '../theme';
import { type EventModel, placeAt } from './eventModel';

export const CELL_PIXELS = 2;
const NOTHING = 1e-9;

export interface Raster {
  /** For each column of the image: index into `chosen`, or -1. */
  columns: Int32Array;
  /** Events (indices) that at least one column shows. */
  chosen: number[];
  rebinned: Rebinned;
}

export function rasterize(model: EventModel, box: Box): Raster {
  const columns = new Int32Array(Math.max(1, Math.round(box.width * (devicePixelRatio || 1))));
  const chosen: number[] = [];
  const [x0, x1] = model.x;
  let lastPlace = -1;
  for (let column = 0; column < columns.length; column++) {
    const place = placeAt(model, x0 + ((column + 0.5) / columns.length) * (x1 - x0));
    if (place >= 0 && place !== lastPlace) {
      chosen.push(model.places.order[place]);
      lastPlace = place;
    }
    columns[column] = place < 0 ? -1 : chosen.length - 1;
  }
  const cells = Math.max(1, Math.floor(box.height / CELL_PIXELS));
  const edges = edgesBetween(model.value[0], model.value[1], cells, model.map);
  const rebinned = rebinEvents(model.table, chosen, edges, model.map !== LINEAR);
  return { columns, chosen, rebinned };
}

/** Colour index of a mass. */
type Shade = (mass: number, event: number) => number;

function shadeOf({ rebinned }: Raster, color: HeatOptions['color']): Shade {
  const top = RAMP_STEPS - 1;
  if (color === 'log') {
    const scale = top / Math.log1p(rebinned.max);
    return (mass) => Math.log1p(mass) * scale;
  }
  if (color === 'linear') return (mass) => (mass / rebinned.max) * top;
  const maxima = eventMaxima(rebinned);
  return (mass, event) => (mass / maxima[event]) * top;
}

function eventMaxima({ mass, cells, below }: Rebinned): Float64Array {
  return below.map((_, event) => {
    let max = 0;
    for (let i = event * cells; i < (event + 1) * cells; i++) if (mass[i] > max) max = mass[i];
    return max;
  });
}

export function paintRaster(
  context: CanvasRenderingContext2D,
  raster: Raster,
  box: Box,
  color: HeatOptions['color'],
): void {
  const { columns, rebinned } = raster;
  const { cells } = rebinned;
  const image = new ImageData(columns.length, cells);
  const pixels = new Uint32Array(image.data.buffer);
  const shade = shadeOf(raster, color);
  const { ramp } = theme();
  for (let column = 0; column < columns.length; column++) {
    const event = columns[column];
    if (event < 0) continue;
    if (column > 0 && columns[column - 1] === event)
      copyColumn(pixels, column, columns.length, cells);
    else paintColumn(pixels, column, columns.length, event, rebinned, shade, ramp);
  }
  context.imageSmoothingEnabled = false;
  const { left, top, width } = box;
  const source = imageSource(image);
  context.drawImage(source, 0, 0, image.width, cells, left, top, width, cells * CELL_PIXELS);
}

function copyColumn(pixels: Uint32Array, column: number, width: number, cells: number): void {
  for (let row = 0; row < cells; row++) {
    pixels[row * width + column] = pixels[row * width + column - 1];
  }
}

/** One event from the top (highest cell) down; mass outside the range colours the edge cells. */
function paintColumn(
  pixels: Uint32Array,
  column: number,
  width: number,
  event: number,
  { mass, cells, below, above }: Rebinned,
  shade: Shade,
  ramp: Uint32Array,
): void {
  const paint = (cell: number, amount: number) => {
    if (!(amount > NOTHING)) return;
    const index = Math.min(RAMP_STEPS - 1, Math.floor(shade(amount, event)));
    pixels[(cells - 1 - cell) * width + column] = ramp[Math.max(0, index)];
  };
  for (let cell = 0; cell < cells; cell++) paint(cell, mass[event * cells + cell]);
  paint(0, below[event]);
  paint(cells - 1, above[event]);
}
