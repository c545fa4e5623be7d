/** A value axis over pixels, along either direction of a plot. */

import type { ValueMap } from '../math/scale';

/** Maps values to pixels and back; `length` may be negative, for axes that grow upwards. */
export class ValueAxis {
  private readonly from: number;
  private readonly span: number;

  constructor(
    private readonly map: ValueMap,
    [lo, hi]: [number, number],
    private readonly start: number,
    private readonly length: number,
  ) {
    this.from = map.forward(lo);
    this.span = map.forward(hi) - this.from;
  }

  pixel(value: number): number {
    return this.pixelOfPosition(this.map.forward(value));
  }

  pixelOfPosition(position: number): number {
    return this.start + (this.length * (position - this.from)) / this.span;
  }

  position(pixel: number): number {
    return this.from + ((pixel - this.start) / this.length) * this.span;
  }

  value(pixel: number): number {
    return this.map.inverse(this.position(pixel));
  }
}
