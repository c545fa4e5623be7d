/** Numbers as JSON has them: those that it cannot spell stand as words. */

import type { Json } from '../api/types';

const WORDS = new Set<Json | undefined>(['NaN', 'Infinity', '-Infinity']);

/** The number, also of one of the words; null for anything else. */
export function jsonNumber(value: Json | undefined): number | null {
  if (typeof value === 'number') return value;
  return WORDS.has(value) ? Number(value) : null;
}
