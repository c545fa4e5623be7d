/** Monotone maps of an axis: linear, logarithmic and symmetric logarithmic. */

export interface ValueMap {
  forward(value: number): number;
  inverse(position: number): number;
}

export const LINEAR: ValueMap = { forward: (value) => value, inverse: (position) => position };

/**
 * Linear near 0, logarithmic from about `core` on, for both signs:
 * position = asinh(value / 2 core) / ln 10.
 */
export function symlog(core: number): ValueMap {
  return {
    forward: (value) => Math.asinh(value / (2 * core)) / Math.LN10,
    inverse: (position) => Math.sinh(position * Math.LN10) * 2 * core,
  };
}

/** `count` + 1 edges from lo to hi that are equally spaced after `map`; ends are exact. */
export function edgesBetween(lo: number, hi: number, count: number, map: ValueMap): Float64Array {
  const edges = new Float64Array(count + 1);
  const from = map.forward(lo);
  const width = (map.forward(hi) - from) / count;
  for (let i = 0; i <= count; i++) edges[i] = map.inverse(from + width * i);
  edges[0] = lo;
  edges[count] = hi;
  return edges;
}
