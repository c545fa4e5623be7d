/** A line as a chart draws it. */

import type { Line } from '../../model/types';

export interface DrawnLine {
  line: Line;
  /** The aggregate of each bucket. */
  original: Float64Array;
  smoothed: Float64Array;
  /** Some bucket holds more than one point and the envelope is on. */
  banded: boolean;
}
