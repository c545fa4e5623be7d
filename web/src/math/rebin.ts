/** Histograms of different edges on one common axis, by overlap, with their mass preserved. */

import { BinReader, finestPieces, type HistogramTable, type Pieces } from './histogram';
import { lastAtOrBefore } from './search';

/**
 * Adds the mass of `pieces` to the cells between ascending `edges`; cell i is out[start + i].
 * What lies outside the edges is returned as `below` and `above`: nothing is lost.
 */
export function spread(
  pieces: Pieces,
  edges: Float64Array,
  out: Float64Array,
  start = 0,
): { below: number; above: number } {
  const cells = edges.length - 1;
  const outside = { below: 0, above: 0 };
  let cell = 0;
  for (let i = 0; i < pieces.mass.length; i++) {
    const mass = pieces.mass[i];
    if (mass === 0) continue;
    const from = pieces.from[i];
    const to = pieces.to[i];
    if (!(to > from)) {
      addAtom(from, mass, edges, out, start, outside);
      continue;
    }
    const density = mass / (to - from);
    if (from < edges[0]) outside.below += density * (Math.min(to, edges[0]) - from);
    if (to > edges[cells]) outside.above += density * (to - Math.max(from, edges[cells]));
    while (cell < cells && edges[cell + 1] <= from) cell++;
    while (cell > 0 && edges[cell] > from) cell--;
    for (let j = cell; j < cells && edges[j] < to; j++) {
      const overlap = Math.min(to, edges[j + 1]) - Math.max(from, edges[j]);
      if (overlap > 0) out[start + j] += density * overlap;
    }
  }
  return outside;
}

/** All of the mass at one value: into its cell; the last edge belongs to the last cell. */
function addAtom(
  value: number,
  mass: number,
  edges: Float64Array,
  out: Float64Array,
  start: number,
  outside: { below: number; above: number },
): void {
  const cells = edges.length - 1;
  if (value < edges[0]) outside.below += mass;
  else if (value > edges[cells]) outside.above += mass;
  else out[start + Math.min(cells - 1, lastAtOrBefore(edges, value))] += mass;
}

/** Chosen events on a common value axis: event k of `chosen` is mass[k * cells ...]. */
export interface Rebinned {
  cells: number;
  edges: Float64Array;
  mass: Float64Array;
  below: Float64Array;
  above: Float64Array;
  max: number;
}

/** `fine` takes the magnitude histogram where it is recorded, else the linear bins. */
export function rebinEvents(
  table: HistogramTable,
  chosen: ArrayLike<number>,
  edges: Float64Array,
  fine: boolean,
): Rebinned {
  const cells = edges.length - 1;
  const mass = new Float64Array(cells * chosen.length);
  const below = new Float64Array(chosen.length);
  const above = new Float64Array(chosen.length);
  const reader = new BinReader();
  for (let k = 0; k < chosen.length; k++) {
    const histogram = table.at(chosen[k]);
    const pieces = fine ? finestPieces(histogram) : reader.read(histogram);
    const outside = spread(pieces, edges, mass, k * cells);
    below[k] = outside.below;
    above[k] = outside.above;
  }
  let max = 0;
  for (const value of mass) if (value > max) max = value;
  return { cells, edges, mass, below, above, max };
}
