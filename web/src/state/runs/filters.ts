/** Which runs the filter in the address lets through: table, sidebar and panels follow it. */

import { computed } from '@preact/signals';
import type { Run } from '../../api/types';
import { jsonNumber } from '../../math/jsonNumber';
import { utcMillis } from '../../math/utcMillis';
import type { Json } from '../../model/json';
import { params, setParams } from '../view/view';
import {
  type Condition,
  type FilterGroup,
  type FilterNode,
  formatFilter,
  isGroup,
  type Operator,
  parseFilter,
} from './filterTree';
import { runValue, userRegExp } from './visibility';

const EVERYTHING: FilterGroup = { join: '$and', parts: [] };

const read = computed<{ root: FilterGroup; fault: string | null }>(() => {
  try {
    return { root: parseFilter(params.value.filter), fault: null };
  } catch (error) {
    return { root: EVERYTHING, fault: (error as Error).message };
  }
});

/** The filter; everything where the address holds none that can be read. */
export const filterRoot = computed(() => read.value.root);
/** What is wrong with the filter in the address. */
export const filterFault = computed(() => read.value.fault);

export function setFilter(root: FilterGroup, mode: 'push' | 'replace' = 'push'): void {
  setParams({ filter: formatFilter(root) }, mode);
}

export const filterRuns = (runs: Run[], root: FilterGroup): Run[] =>
  root.parts.length > 0 ? runs.filter(testOf(root)) : runs;

type Test = (run: Run) => boolean;

function testOf(node: FilterNode): Test {
  if (!isGroup(node)) return conditionTest(node);
  const tests = node.parts.map(testOf);
  if (node.join === '$and') return (run) => tests.every((test) => test(run));
  const any: Test = (run) => tests.some((test) => test(run));
  return node.join === '$or' ? any : (run) => !any(run);
}

/** Fields whose empty text is none, as the server has it. */
const OPTIONAL = new Set(['group', 'job_type', 'notes', 'host', 'job']);
const COMPARING = new Set<Operator>(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'in', 'nin']);

/** Text and numbers never compare, what is missing fits no bound, one element of a list is enough. */
function conditionTest({ by, operator, value }: Condition): Test {
  if (by === 'created') return timeTest(operator, value);
  const isOptional = OPTIONAL.has(by);
  const test = valueTest(operator, isOptional ? each(value, noneIfEmpty) : value);
  if (!isOptional) return (run) => test(runValue(run, by));
  return (run) => test(noneIfEmpty(runValue(run, by) ?? null));
}

const noneIfEmpty = (value: Json): Json => (value === '' ? null : value);

const each = (value: Json, read: (one: Json) => Json): Json =>
  Array.isArray(value) ? value.map(read) : read(value);

function timeTest(operator: Operator, value: Json): Test {
  if (COMPARING.has(operator)) {
    const test = valueTest(
      operator,
      each(value, (one) => utcMillis(one) ?? one),
    );
    return (run) => test(run.created_us / 1000);
  }
  const test = valueTest(operator, value);
  return (run) => test(new Date(run.created_us / 1000).toISOString());
}

type ValueTest = (found: Json | undefined) => boolean;

const not =
  (test: ValueTest): ValueTest =>
  (found) =>
    !test(found);

const anyElement =
  (test: ValueTest): ValueTest =>
  (found) =>
    Array.isArray(found) ? found.some(test) : test(found);

const NEGATIVE: Partial<Record<Operator, Operator>> = {
  ne: 'eq',
  nin: 'in',
  hasnot: 'has',
  unset: 'set',
};

const COMPARISONS: Partial<Record<Operator, (a: number | string, b: number | string) => boolean>> =
  {
    lt: (a, b) => a < b,
    le: (a, b) => a <= b,
    gt: (a, b) => a > b,
    ge: (a, b) => a >= b,
  };

function valueTest(operator: Operator, wanted: Json): ValueTest {
  const positive = NEGATIVE[operator];
  if (positive) return not(valueTest(positive, wanted));
  if (operator === 'set') return (found) => found !== undefined && found !== null && found !== '';
  if (operator === 'in') {
    const tests = (Array.isArray(wanted) ? wanted : []).map(equals);
    return (found) => tests.some((test) => test(found));
  }
  if (operator === 'eq') return equals(wanted);
  if (operator === 'has') {
    const text = String(wanted).toLowerCase();
    return anyElement((found) => asText(found).toLowerCase().includes(text));
  }
  if (operator === 'matches' || operator === 'regex') return pattern(operator, String(wanted));
  return anyElement((found) => compares(operator, found, wanted));
}

function pattern(operator: Operator, text: string): ValueTest {
  const expression = userRegExp(text, operator === 'matches' ? 'i' : '');
  return anyElement((found) => typeof found === 'string' && expression?.test(found) === true);
}

function compares(operator: Operator, found: Json | undefined, wanted: Json): boolean {
  const compare = COMPARISONS[operator]!;
  if (typeof wanted === 'string') return typeof found === 'string' && compare(found, wanted);
  if (typeof wanted === 'boolean') {
    return typeof found === 'boolean' && compare(Number(found), Number(wanted));
  }
  const number = typeof found === 'boolean' ? null : asNumber(found);
  return number !== null && typeof wanted === 'number' && compare(number, wanted);
}

function equals(wanted: Json): ValueTest {
  const spelled = JSON.stringify(wanted);
  const same: ValueTest = (found) => found === wanted || JSON.stringify(found ?? null) === spelled;
  return (found) => same(found) || (Array.isArray(found) && found.some(same));
}

/** A number, yes as 1 and no as 0; null for anything else. */
export function asNumber(value: Json | undefined): number | null {
  return typeof value === 'boolean' ? Number(value) : jsonNumber(value);
}

export function asText(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
