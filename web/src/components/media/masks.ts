/** Masks as class ids, and their painting. */

import { getBytes } from '../../api/client';
import { classColors } from '../../math/overlay';

export interface MaskIds {
  width: number;
  height: number;
  /** One byte a pixel. */
  ids: Uint8Array;
}

/** Longer sides are thinned out: a screen shows no more, and 8000 × 8000 would take 512 MB. */
const MOST_PX = 1536;
const EXACT = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;

/** Reads the ids of a mask; each that is kept is one that was logged. */
export async function readMask(href: string): Promise<MaskIds> {
  const file = await getBytes(href);
  const whole = await createImageBitmap(file, EXACT);
  const scale = Math.min(1, MOST_PX / Math.max(whole.width, whole.height));
  const width = Math.max(1, Math.round(whole.width * scale));
  const height = Math.max(1, Math.round(whole.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingEnabled = false;
  context.drawImage(whole, 0, 0, width, height);
  whole.close();
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, ids: Uint8Array.from({ length: width * height }, (_, i) => data[4 * i]) };
}

/** Paints the classes that are seen in their colours; the others are clear. */
export function paintMask(
  canvas: HTMLCanvasElement,
  { width, height, ids }: MaskIds,
  seen: (id: number) => boolean,
): void {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const pixels = new ImageData(width, height);
  const words = new Uint32Array(pixels.data.buffer);
  const table = colorTable(seen);
  for (let i = 0; i < ids.length; i++) words[i] = table[ids[i]];
  context.putImageData(pixels, 0, 0);
}

/** For each class a pixel of ImageData, in the byte order of this machine. */
function colorTable(seen: (id: number) => boolean): Uint32Array {
  const bytes = new Uint8ClampedArray(4 * 256);
  classColors(palette()).forEach((color, id) => {
    if (seen(id)) bytes.set([...color, 255], 4 * id);
  });
  return new Uint32Array(bytes.buffer);
}

/** The twelve colours of the present theme. */
function palette(): number[][] {
  const style = getComputedStyle(document.documentElement);
  return Array.from({ length: 12 }, (_, i) => {
    const value = Number.parseInt(style.getPropertyValue(`--c${i}`).trim().slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  });
}
