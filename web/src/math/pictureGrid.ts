/** How high pictures are drawn so that all of them fit where they stand. */

/** A picture as far as the layout needs it. */
export interface Pictured {
  /** Width through height. */
  ratio: number;
  captioned: boolean;
}

interface Room {
  width: number;
  height: number;
}

const LEAST_PIXELS = 48;
const STEP_PIXELS = 4;
const LEAST_WIDTH = 64;
const GAP = 8;
const GROUP_GAP = 16;
const GROUP_PIXELS = 136;
const HEADING_PIXELS = 24;
const CAPTION_PIXELS = 16;

/**
 * The greatest height at which the pictures of all groups (runs side by side) fit, in multiples of
 * four pixels; null where they do not fit at 48 pixels either. `headed`: each group has a heading.
 */
export function pictureHeight(groups: Pictured[][], room: Room, headed: boolean): number | null {
  const columns = Math.floor((room.width + GROUP_GAP) / (GROUP_PIXELS + GROUP_GAP));
  const across = Math.max(1, Math.min(groups.length, columns));
  const down = Math.ceil(groups.length / across);
  const width = (room.width - GROUP_GAP * (across - 1)) / across;
  const height = (room.height - GAP * (down - 1)) / down - (headed ? HEADING_PIXELS : 0);
  for (let tall = Math.floor(height / STEP_PIXELS) * STEP_PIXELS; tall >= LEAST_PIXELS; ) {
    if (groups.every((pictures) => heightOf(pictures, tall, width) <= height)) return tall;
    tall -= STEP_PIXELS;
  }
  return null;
}

/** Of pictures that stand in rows, each as wide as its height asks for. */
function heightOf(pictures: Pictured[], tall: number, width: number): number {
  const row = tall + (pictures.some(({ captioned }) => captioned) ? CAPTION_PIXELS : 0);
  let rows = 1;
  let at = 0;
  for (const { ratio } of pictures) {
    const wide = Math.max(LEAST_WIDTH, tall * ratio);
    if (wide > width) return Number.POSITIVE_INFINITY;
    if (at > 0 && at + GAP + wide > width) {
      rows++;
      at = 0;
    }
    at += (at > 0 ? GAP : 0) + wide;
  }
  return rows * row + (rows - 1) * GAP;
}
