/** Boxes over images in shares of the image, and names of classes. */

import type { Json, JsonObject } from '../model/json';

export interface Box {
  position: Record<string, number | number[]>;
  class_id?: number;
  box_caption?: string;
  domain?: string | null;
  scores?: Record<string, number> | null;
}

export interface BoxFile {
  box_data: Box[];
  class_labels?: Record<string, string>;
}

export interface Rectangle {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Corners or middle and size; `domain: pixel` counts in pixels, else in shares of the image. */
export function rectangle({ position, domain }: Box, width: number, height: number): Rectangle {
  const { minX, maxX, minY, maxY, middle } = position as Record<string, number>;
  const across = domain === 'pixel' ? width : 1;
  const down = domain === 'pixel' ? height : 1;
  const corners = minX !== undefined;
  const [x, y] = corners ? [minX, minY] : (middle as unknown as number[]);
  const w = corners ? maxX - minX : (position.width as number);
  const h = corners ? maxY - minY : (position.height as number);
  const shift = corners ? 0 : 0.5;
  return {
    left: (x - shift * w) / across,
    top: (y - shift * h) / down,
    width: w / across,
    height: h / down,
  };
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names of the classes of a layer, which the client keeps in the run's config. */
export function classLabels(
  config: JsonObject,
  kind: 'mask' | 'boxes',
  key: string,
  layer: string,
): Record<string, string> {
  const section = kind === 'mask' ? 'mask/class_labels' : 'bounding_box/class_labels';
  const all = isObject(config._wandb) ? config._wandb[section] : undefined;
  const one = isObject(all) ? all[`${key}_wandb_delimeter_${layer}`] : undefined;
  return isObject(one) && isObject(one.value) ? (one.value as Record<string, string>) : {};
}

const PALETTE = 12;
/** Turning the hue by this angle keeps any number of classes apart. */
const TURN = 137.508;
const LIGHTNESS = [45, 62, 32];
const SATURATION = [85, 60];

/**
 * The colour of a class, as CSS: one of the palette, and from the twelfth on one of its own. It
 * depends on the class alone, so that it is the same in every picture and run.
 */
export function classColor(id: number): string {
  if (id < PALETTE) return `var(--c${(((id - 1) % PALETTE) + PALETTE) % PALETTE})`;
  const [hue, saturation, lightness] = ownColor(id);
  return `hsl(${hue} ${saturation}% ${lightness}%)`;
}

function ownColor(id: number): [number, number, number] {
  const hue = Math.round((id * TURN) % 360);
  return [hue, SATURATION[id % SATURATION.length], LIGHTNESS[id % LIGHTNESS.length]];
}

/** Red, green, blue of each of the 256 classes; `palette` are the twelve of the present theme. */
export function classColors(palette: number[][]): number[][] {
  return Array.from({ length: 256 }, (_, id) =>
    id < PALETTE ? palette[(id + PALETTE - 1) % PALETTE] : rgbOfHsl(...ownColor(id)),
  );
}

function rgbOfHsl(hue: number, saturation: number, lightness: number): number[] {
  const spread = (saturation / 100) * Math.min(lightness / 100, 1 - lightness / 100);
  return [0, 8, 4].map((shift) => {
    const k = (shift + hue / 30) % 12;
    return Math.round(255 * (lightness / 100 - spread * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  });
}

/** Which classes of a layer are painted: those without a name too, but for an unnamed background. */
export const isPainted = (id: number, labels: Record<string, string>): boolean =>
  id > 0 || '0' in labels;

/** Whether a box has at least the asked score of each name that it has. */
export const hasScores = ({ scores }: Box, least: Record<string, number>): boolean =>
  Object.entries(scores ?? {}).every(([name, score]) => score >= (least[name] ?? -Infinity));
