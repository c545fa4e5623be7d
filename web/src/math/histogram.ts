/** Single histograms cut out of event columns, and a histogram's mass as pieces of the value axis. */

import type { Histogram, HistogramEvents } from '../model/types';
import { partAt } from './parts';

/** Bits of `flags`, as in `lossboard.wire.HistogramFlag`. */
export const FLAG_PARTIAL_EVENT = 1;
export const FLAG_MAGNITUDE_SAMPLED = 2;

/** Exponent offset of the magnitude keys, as in `lossboard.wire.HistogramData`. */
const MAGNITUDE_OFFSET = 1100;

/** Random access to the events of one series. */
export class HistogramTable {
  readonly length: number;
  private readonly binsAt: Float64Array; // [events + 1]
  private readonly edgesAt: Float64Array; // [events + 1]
  private readonly magnitudesAt: Float64Array; // [events + 1]
  private readonly cache: (Histogram | undefined)[] = [];

  constructor(readonly events: HistogramEvents) {
    const { bins, edged, magnitudeBins } = events;
    this.length = events.step.length;
    this.binsAt = offsets(bins);
    this.edgesAt = offsets(bins.map((count, i) => (edged[i] ? count + 1 : 0)));
    this.magnitudesAt = offsets(magnitudeBins ?? new Float64Array(this.length));
  }

  at(i: number): Histogram {
    let histogram = this.cache[i];
    if (!histogram) {
      histogram = this.read(i);
      this.cache[i] = histogram;
    }
    return histogram;
  }

  private read(i: number): Histogram {
    const e = this.events;
    const edged = e.edged[i] !== 0;
    return {
      ordinal: e.ordinal[i],
      step: e.step[i],
      timeUs: e.timeUs[i],
      batch: e.batch[i],
      lo: e.lo[i],
      hi: e.hi[i],
      counts: e.counts.subarray(this.binsAt[i], this.binsAt[i + 1]),
      edges: edged ? e.edges.subarray(this.edgesAt[i], this.edgesAt[i + 1]) : null,
      n: e.n[i],
      nan: e.nan[i],
      posInf: e.posInf[i],
      negInf: e.negInf[i],
      zeros: e.zeros[i],
      total: e.total[i],
      squares: e.squares[i],
      flags: e.flags[i],
      magnitude: this.magnitude(i),
      part: partAt(e, i),
    };
  }

  private magnitude(i: number): Histogram['magnitude'] {
    const { magnitudeBins, magnitudeKeys, magnitudeCounts, zeros, n } = this.events;
    if (!magnitudeBins || !magnitudeKeys || !magnitudeCounts) return null;
    const recorded = magnitudeBins[i] > 0 || (n[i] > 0 && zeros[i] === n[i]);
    if (!recorded) return null;
    const [from, to] = [this.magnitudesAt[i], this.magnitudesAt[i + 1]];
    return { keys: magnitudeKeys.subarray(from, to), counts: magnitudeCounts.subarray(from, to) };
  }
}

function offsets(lengths: Float64Array): Float64Array {
  const at = new Float64Array(lengths.length + 1); // [lengths + 1]: first entries, then the end
  for (let i = 0; i < lengths.length; i++) at[i + 1] = at[i] + lengths[i];
  return at;
}

/**
 * Mass on the value axis, ascending: each piece is spread evenly from `from` to `to`, or sits at
 * one value where both are the same.
 */
export interface Pieces {
  from: Float64Array; // [pieces]
  to: Float64Array; // [pieces]
  mass: Float64Array; // [pieces]
}

/** The linear (or user-made) bins. */
export function binPieces(h: Histogram): Pieces {
  const bins = h.counts.length;
  const edges = h.edges ?? evenEdges(h.lo, h.hi, bins);
  return { from: edges.subarray(0, bins), to: edges.subarray(1, bins + 1), mass: h.counts };
}

export function evenEdges(lo: number, hi: number, bins: number): Float64Array {
  const edges = new Float64Array(bins + 1); // [bins + 1]
  const width = (hi - lo) / bins;
  for (let i = 0; i < bins; i++) edges[i] = lo + width * i;
  edges[bins] = hi;
  return edges;
}

/** Reads the bins of many events in turn into one buffer: each call overwrites the last result. */
export class BinReader {
  private edges = new Float64Array(0); // [bins + 1]
  private pieces: Pieces = { from: this.edges, to: this.edges, mass: this.edges };

  read(h: Histogram): Pieces {
    if (h.edges) return binPieces(h);
    const bins = h.counts.length;
    if (this.edges.length !== bins + 1) {
      this.edges = new Float64Array(bins + 1);
      const [from, to] = [this.edges.subarray(0, bins), this.edges.subarray(1)];
      this.pieces = { from, to, mass: h.counts };
    }
    const width = (h.hi - h.lo) / bins;
    for (let i = 0; i < bins; i++) this.edges[i] = h.lo + width * i;
    this.edges[bins] = h.hi;
    this.pieces.mass = h.counts;
    return this.pieces;
  }
}

/** Bounds of |x| for a magnitude key: [2^e (1 + m/4), 2^e (1 + (m + 1)/4)). */
export function magnitudeBounds(key: number): [number, number] {
  const cell = Math.abs(key) - 1;
  const scale = 2 ** (Math.floor(cell / 4) - MAGNITUDE_OFFSET);
  const quarter = cell % 4;
  return [scale * (1 + quarter / 4), scale * (1 + (quarter + 1) / 4)];
}

/** The magnitude histogram with its zeros, cut to the exact [lo, hi]; null where there is none. */
export function magnitudePieces(h: Histogram): Pieces | null {
  if (!h.magnitude) return null;
  const { keys, counts } = h.magnitude;
  const pieces: [number, number, number][] = [];
  let zerosPlaced = h.zeros === 0;
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] > 0 && !zerosPlaced) {
      pieces.push([0, 0, h.zeros]);
      zerosPlaced = true;
    }
    pieces.push(magnitudePiece(keys[i], counts[i], h));
  }
  if (!zerosPlaced) pieces.push([0, 0, h.zeros]);
  const column = (k: number) => Float64Array.from(pieces, (piece) => piece[k]);
  return { from: column(0), to: column(1), mass: column(2) };
}

function magnitudePiece(key: number, count: number, h: Histogram): [number, number, number] {
  const [near, far] = magnitudeBounds(key);
  const [from, to] = key > 0 ? [near, far] : [-far, -near];
  const clip = (value: number) => Math.min(h.hi, Math.max(h.lo, value));
  return [clip(from), clip(to), count];
}

/** The finest description there is: magnitudes, else bins. */
export function finestPieces(h: Histogram): Pieces {
  return magnitudePieces(h) ?? binPieces(h);
}

export function massOf(pieces: Pieces): number {
  let mass = 0;
  for (const part of pieces.mass) mass += part;
  return mass;
}

/** Values that are NaN or infinite. */
export function nonFinite(h: Histogram): number {
  return h.nan + h.posInf + h.negInf;
}

/** Share of the finite mass in the fullest bin. */
export function largestShare(h: Histogram): number {
  let largest = 0;
  let mass = 0;
  for (const count of h.counts) {
    mass += count;
    if (count > largest) largest = count;
  }
  return mass > 0 ? largest / mass : 0;
}
