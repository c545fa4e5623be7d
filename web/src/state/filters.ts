/** Filters on runs: typed comparisons of a field with a value, kept in the address. */

import { computed } from '@preact/signals';
import type { Json, Run } from '../api/types';
import { params, setParams } from './view';
import { runValue, userRegExp } from './visibility';

export type Operator =
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'has'
  | 'hasnot'
  | 'matches'
  | 'set'
  | 'unset';

export interface Filter {
  by: string;
  operator: Operator;
  value: string;
}

export const OPERATOR_WORDS: Record<Operator, string> = {
  eq: '=',
  ne: '≠',
  lt: '<',
  le: '≤',
  gt: '>',
  ge: '≥',
  has: 'with',
  hasnot: 'without',
  matches: 'matches',
  set: 'is set',
  unset: 'is not set',
};

export type FieldType = 'number' | 'text' | 'tags';

/** What a field of this type can be asked. */
export const OPERATORS: Record<FieldType, Operator[]> = {
  number: ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'set', 'unset'],
  text: ['eq', 'ne', 'has', 'hasnot', 'matches', 'set', 'unset'],
  tags: ['has', 'hasnot'],
};

export const needsValue = (operator: Operator): boolean =>
  operator !== 'set' && operator !== 'unset';

/** The type of a field: that of the first value that a run has. */
export function fieldType(runs: Run[], by: string): FieldType {
  if (by === 'tags') return 'tags';
  for (const run of runs) {
    const value = runValue(run, by);
    if (value !== undefined && value !== null) return typeof value === 'number' ? 'number' : 'text';
  }
  return 'text';
}

const isOperator = (text: string): text is Operator => text in OPERATOR_WORDS;

export function parseFilters(text: string | undefined): Filter[] {
  return (text ?? '').split(';').flatMap((part) => {
    const [by, operator, value = ''] = part.split('~').map(decodeURIComponent);
    return by && operator && isOperator(operator) ? [{ by, operator, value }] : [];
  });
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('~', '%7E');
}

export const formatFilters = (filters: Filter[]): string =>
  filters.map(({ by, operator, value }) => [by, operator, value].map(encode).join('~')).join(';');

export const filters = computed(() => parseFilters(params.value.filter));
/** One fitting filter is enough, instead of all of them. */
export const matchAny = computed(() => params.value.any === '1');

export function setFilters(next: Filter[]): void {
  setParams({ filter: formatFilters(next) }, 'push');
}

const WORDS = ['NaN', 'Infinity', '-Infinity'];

/** A number, also one that JSON can't spell; null for anything else. */
export function asNumber(value: Json | undefined): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'string' && WORDS.includes(value) ? Number(value) : null;
}

const COMPARISONS: Partial<Record<Operator, (a: number, b: number) => boolean>> = {
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};

function equals(value: Json | undefined, wanted: string): boolean {
  const number = asNumber(value);
  const other = Number(wanted);
  if (typeof value === 'number' && number !== null && wanted.trim() !== '') {
    return number === other;
  }
  return asText(value) === wanted;
}

export function asText(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function contains(value: Json | undefined, wanted: string): boolean {
  if (Array.isArray(value)) return value.some((item) => asText(item) === wanted);
  return asText(value).toLowerCase().includes(wanted.toLowerCase());
}

/** Whether a run fits; text and numbers never compare by size, what is missing fits no bound. */
export function fits(run: Run, { by, operator, value: wanted }: Filter): boolean {
  const value = by === 'tags' ? run.tags : runValue(run, by);
  const missing = value === undefined || value === null || value === '';
  if (operator === 'set') return !missing;
  if (operator === 'unset') return missing;
  if (operator === 'eq') return equals(value, wanted);
  if (operator === 'ne') return !equals(value, wanted);
  if (operator === 'has') return contains(value, wanted);
  if (operator === 'hasnot') return !contains(value, wanted);
  if (operator === 'matches') return userRegExp(wanted)?.test(asText(value)) ?? false;
  const number = asNumber(value);
  return number !== null && COMPARISONS[operator]!(number, Number(wanted));
}

export function filterRuns(runs: Run[], wanted: Filter[], any: boolean): Run[] {
  if (wanted.length === 0) return runs;
  const passes = any
    ? (run: Run) => wanted.some((filter) => fits(run, filter))
    : (run: Run) => wanted.every((filter) => fits(run, filter));
  return runs.filter(passes);
}
