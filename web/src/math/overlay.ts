/** Boxes over images in shares of the image, and names of classes. */

import type { Json, JsonObject } from '../model/json';

export interface Box {
  position: Record<string, number | number[]>;
  class_id?: number;
  box_caption?: string;
  domain?: string | null;
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

/** The slot of the palette that a class is drawn in. */
export const classSlot = (id: number): number => (((id - 1) % 12) + 12) % 12;
