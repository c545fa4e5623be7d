/** What the fields of runs can be asked, and how what is typed becomes a value of their type. */

import type { Run } from '../../api/types';
import type { Json } from '../../model/json';
import type { Condition, Operator } from './filterTree';
import { AGGREGATES, aggregateOf, metricKeys } from './metricValues';
import { columnsOf, fieldLabel } from './runColumns';
import { runValue } from './visibility';

export type FieldType = 'number' | 'text' | 'yesno' | 'list' | 'date';

const MEASURED: Operator[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'];

export const OPERATORS: Record<FieldType, Operator[]> = {
  number: [...MEASURED, 'in', 'nin', 'set', 'unset'],
  text: ['eq', 'ne', 'has', 'hasnot', 'matches', 'in', 'nin', 'set', 'unset'],
  yesno: ['eq', 'ne', 'set', 'unset'],
  list: ['eq', 'ne', 'in', 'nin'],
  date: ['ge', 'lt'],
};

const WORDS: Record<Operator, string> = {
  eq: '=',
  ne: '≠',
  lt: '<',
  le: '≤',
  gt: '>',
  ge: '≥',
  in: 'is one of',
  nin: 'is none of',
  has: 'contains',
  hasnot: 'does not contain',
  matches: 'matches',
  regex: 'matches, with case',
  set: 'is set',
  unset: 'is not set',
};

const WORDS_OF_TYPE: Partial<Record<FieldType, Partial<Record<Operator, string>>>> = {
  list: { eq: 'with', ne: 'without', in: 'with one of', nin: 'with none of' },
  date: { ge: 'from', lt: 'before' },
};

export const operatorWord = (type: FieldType, operator: Operator): string =>
  WORDS_OF_TYPE[type]?.[operator] ?? WORDS[operator];

export const needsValue = (operator: Operator): boolean =>
  operator !== 'set' && operator !== 'unset';

const takesList = (operator: Operator): boolean => operator === 'in' || operator === 'nin';

/** The type of a field: that of the first value that a run has. */
export function fieldType(runs: Run[], by: string): FieldType {
  if (by === 'tags') return 'list';
  if (by === 'created') return 'date';
  if (aggregateOf(by)) return 'number';
  for (const run of runs) {
    const value = runValue(run, by);
    if (value === undefined || value === null) continue;
    if (Array.isArray(value)) return 'list';
    if (typeof value === 'boolean') return 'yesno';
    return typeof value === 'number' ? 'number' : 'text';
  }
  return 'text';
}

/** The value that a text stands for; null while it is none of the field's type. */
export function typedValue(type: FieldType, operator: Operator, text: string): Json {
  if (!needsValue(operator)) return '';
  if (takesList(operator)) {
    const items = text.split(',').map((item) => item.trim());
    const values = items.filter(Boolean).map((item) => typedItem(type, item));
    return values.length > 0 && !values.includes(null) ? values : null;
  }
  return operator === 'matches' || operator === 'regex' ? text || null : typedItem(type, text);
}

function typedItem(type: FieldType, text: string): Json {
  if (text.trim() === '') return null;
  if (type === 'yesno') return text === 'true';
  if (type !== 'number') return text;
  return Number.isFinite(Number(text)) ? Number(text) : null;
}

export function valueText(value: Json): string {
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  return typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
}

/** A condition in three parts, as a chip says it. */
export function conditionWords(runs: Run[], { by, operator, value }: Condition): string[] {
  const type = fieldType(runs, by);
  return [
    fieldLabel(by),
    operatorWord(type, operator),
    needsValue(operator) ? valueText(value) : '',
  ];
}

const PLAIN_FIELDS = [
  'name',
  'state',
  'tags',
  'group',
  'job_type',
  'host',
  'rank',
  'job',
  'notes',
  'created',
  'runtime',
  'run_id',
];

/** Fields that can be asked, in groups as a list shows them. */
export function filterFields(runs: Run[]): [group: string, fields: string[]][] {
  const columns = columnsOf(runs);
  const starting = (start: string) => columns.filter((by) => by.startsWith(start));
  const measured = metricKeys.value.flatMap((key) => AGGREGATES.map((name) => `${name}.${key}`));
  return [
    ['Run', PLAIN_FIELDS],
    ['Config', starting('config.')],
    ['Summary', starting('summary.')],
    ['Metrics over all steps', measured],
  ];
}
