/** The bins a histogram is drawn with: its own, or finer ones cut from its magnitudes. */

import type { Histogram } from '../model/types';
import { binPieces, evenEdges, finestPieces, magnitudePieces } from './histogram';
import { bandwidth, kde } from './kde';
import { spread } from './rebin';
import { edgesBetween, LINEAR, type ValueMap } from './scale';

/** Bins on an axis: `edges` are positions on it (values, unless the axis is symlog). */
export interface DisplayBins {
  edges: Float64Array;
  counts: Float64Array;
  /** Cut from the magnitude histogram, or from the linear bins. */
  source: 'bins' | 'magnitude';
  /** All bins have the same width on the axis. */
  even: boolean;
  /** All values are the same: there is no width to draw. */
  constant: boolean;
}

const OWN_BINS_SHARE = 0.25;
const FINE_BINS = 64;
const SYMLOG_BINS = 96;
const MARGIN_SHARE = 0.25;

/**
 * On a linear axis the event's own bins, unless the view is a small part of them and magnitudes
 * are recorded: then 64 bins of the view (and a margin, so that a density does not sink at its
 * ends). On a symlog axis 96 bins, even on the axis.
 */
export function displayBins(h: Histogram, map: ValueMap, view: [number, number]): DisplayBins {
  if (!(h.n > 0)) return empty();
  if (!(h.hi > h.lo)) return constantBins(h, map);
  if (map !== LINEAR) return cutBins(h, map, [h.lo, h.hi], SYMLOG_BINS);
  const narrow = view[1] - view[0] < OWN_BINS_SHARE * (h.hi - h.lo);
  if (!narrow || !magnitudePieces(h)) return ownBins(h);
  const margin = MARGIN_SHARE * (view[1] - view[0]);
  const range: [number, number] = [
    Math.max(h.lo, view[0] - margin),
    Math.min(h.hi, view[1] + margin),
  ];
  return range[1] > range[0] ? cutBins(h, map, range, FINE_BINS) : ownBins(h);
}

function empty(): DisplayBins {
  const none = new Float64Array(0);
  return { edges: none, counts: none, source: 'bins', even: true, constant: false };
}

function constantBins(h: Histogram, map: ValueMap): DisplayBins {
  const at = map.forward(h.lo);
  return {
    edges: Float64Array.of(at, at),
    counts: Float64Array.of(h.n),
    source: 'bins',
    even: true,
    constant: true,
  };
}

function ownBins(h: Histogram): DisplayBins {
  const edges = h.edges ?? evenEdges(h.lo, h.hi, h.counts.length);
  const even = h.edges === null || areEven(h.edges);
  return { edges, counts: h.counts, source: 'bins', even, constant: false };
}

function areEven(edges: Float64Array): boolean {
  const width = (edges[edges.length - 1] - edges[0]) / (edges.length - 1);
  return edges.every((edge, i) => Math.abs(edge - edges[0] - i * width) < 1e-6 * width);
}

function cutBins(
  h: Histogram,
  map: ValueMap,
  [lo, hi]: [number, number],
  cells: number,
): DisplayBins {
  const values = edgesBetween(lo, hi, cells, map);
  const counts = new Float64Array(cells);
  spread(finestPieces(h), values, counts);
  const source = h.magnitude ? 'magnitude' : 'bins';
  return { edges: values.map(map.forward), counts, source, even: true, constant: false };
}

/** Height of every bin as counts per unit of the axis. */
export function binDensity({ edges, counts }: DisplayBins): Float64Array {
  return counts.map((count, i) => count / (edges[i + 1] - edges[i]));
}

/** Mean width of the bins on the axis. */
export function meanWidth({ edges, counts }: DisplayBins): number {
  return (edges[counts.length] - edges[0]) / counts.length;
}

export interface DensityCurve {
  at: Float64Array;
  /** Counts per unit of the axis. */
  density: Float64Array;
  bandwidth: number;
}

/** Kernel density over positions from..to; all zero where there is nothing to smooth. */
export function densityCurve(
  bins: DisplayBins,
  factor: number,
  [from, to]: [number, number],
  points: number,
): DensityCurve {
  const at = evenEdges(from, to, points - 1);
  const h = bins.constant ? 0 : bandwidth(bins, factor);
  return { at, density: kde(bins, h, at), bandwidth: h };
}

/** Mass between two values. */
export function massBetween(h: Histogram, from: number, to: number): number {
  const out = new Float64Array(1);
  spread(h.magnitude ? finestPieces(h) : binPieces(h), Float64Array.of(from, to), out);
  return out[0];
}
