/** Grows the forest beside the page, so that a large project does not hold it up. */

import { type Importance, importanceOf, type Setting } from '../../math/importance';

export interface Asked {
  settings: Setting[];
  target: Float64Array;
}

addEventListener('message', ({ data: { settings, target } }: MessageEvent<Asked>) => {
  const found: Importance = importanceOf(settings, target);
  postMessage(found);
});
