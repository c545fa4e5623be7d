/** Sizes in bytes in what a machine tells of itself, as people read them. */

import type { Json, JsonObject } from '../model/json';

const SIZES = /^(total|used|free|available|memory_?total|.*bytes)$/i;
const LEAST_BYTES = 1e6;

/** `25.8 GB`, `512 MB`. */
function byteText(bytes: number): string {
  const [unit, size] = bytes < 1e9 ? ['MB', 1e6] : bytes < 1e12 ? ['GB', 1e9] : ['TB', 1e12];
  return `${Number((bytes / Number(size)).toPrecision(3))} ${unit}`;
}

/** The same values, with sizes in bytes (numbers or digits under a name that says so) as text. */
export function withSizes(values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, sizeOf(key, value) ?? within(value)]),
  );
}

function sizeOf(key: string, value: Json): string | null {
  const isNumber = typeof value === 'number' || /^\d+$/.test(String(value));
  const bytes = isNumber ? Number(value) : 0;
  return SIZES.test(key) && bytes >= LEAST_BYTES ? byteText(bytes) : null;
}

function within(value: Json): Json {
  if (Array.isArray(value)) return value.map(within);
  return value !== null && typeof value === 'object' ? withSizes(value) : value;
}
