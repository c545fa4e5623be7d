/**
 * Numbers as JSON has them: those that it cannot spell stand as words, and ints that a number cannot
 * hold exactly as their digits.
 */

import type { Json } from '../model/json';
import { formatExact } from './numbers';

const WORDS = new Set<Json | undefined>(['NaN', 'Infinity', '-Infinity']);
const MANY_DIGITS = /(?:^|[[:,\s-])\d{16}/;
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const WIDE_INT = /^-?\d{16,}$/;

const isWideInt = (value: Json | undefined): value is string =>
  typeof value === 'string' && WIDE_INT.test(value) && !Number.isSafeInteger(Number(value));

/** The number, also of one of the words or of digits; null for anything else. */
export function jsonNumber(value: Json | undefined): number | null {
  if (typeof value === 'number') return value;
  return WORDS.has(value) || isWideInt(value) ? Number(value) : null;
}

/** All digits of a value whose number this is, for a title attribute or a copy. */
export const allDigits = (value: Json | undefined, number: number): string =>
  isWideInt(value) ? value : formatExact(number);

/** The value of a JSON text. */
export function parseJson(text: string): Json {
  if (!MANY_DIGITS.test(text)) return JSON.parse(text);
  return JSON.parse(text.replace(TEXT_OR_NUMBER, (part) => (isWideInt(part) ? `"${part}"` : part)));
}
