/**
 * A filter on runs: conditions in groups in groups, written as the server's filters are (the form
 * of `wandb.Api().runs(filters=...)`), so that one text serves the address, scripts and the server.
 */

import { escapeRegExp } from '../../math/search';
import type { Json, JsonObject } from '../../model/json';

/** All of the parts, any of them, or none. */
export type Join = '$and' | '$or' | '$nor';

export interface FilterGroup {
  join: Join;
  parts: FilterNode[];
}

export type Operator =
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'in'
  | 'nin'
  | 'has'
  | 'hasnot'
  | 'matches'
  | 'regex'
  | 'set'
  | 'unset';

export interface Condition {
  by: string;
  operator: Operator;
  value: Json;
}

export type FilterNode = FilterGroup | Condition;

export const isGroup = (node: FilterNode): node is FilterGroup => 'join' in node;

/** All conditions, however deep. */
export function conditionsOf(node: FilterNode): Condition[] {
  return isGroup(node) ? node.parts.flatMap(conditionsOf) : [node];
}

/** What the dashboard calls otherwise than the server. */
const SERVER_NAMES: Record<string, string> = {
  name: 'display_name',
  run_id: 'name',
  created: 'created_at',
};
const CLIENT_NAMES = Object.fromEntries(Object.entries(SERVER_NAMES).map(([a, b]) => [b, a]));
const PLAIN_NAMES = [
  'state',
  'group',
  'job_type',
  'host',
  'rank',
  'job',
  'tags',
  'notes',
  'runtime',
  'last_step',
];
const KEYED = /^(config|summary|last|min|max|best)\../;
/** Text that stands for nothing, besides what is missing. */
const NOTHING: Json[] = [null, ''];
const IGNORING_CASE = '(?i)';

const SPELLINGS: Record<Operator, (value: Json) => JsonObject> = {
  eq: (value) => ({ $eq: value }),
  ne: (value) => ({ $ne: value }),
  lt: (value) => ({ $lt: value }),
  le: (value) => ({ $lte: value }),
  gt: (value) => ({ $gt: value }),
  ge: (value) => ({ $gte: value }),
  in: (value) => ({ $in: value }),
  nin: (value) => ({ $nin: value }),
  has: (value) => ({ $regex: IGNORING_CASE + escapeRegExp(String(value)) }),
  hasnot: (value) => ({ $not: { $regex: IGNORING_CASE + escapeRegExp(String(value)) } }),
  matches: (value) => ({ $regex: IGNORING_CASE + value }),
  regex: (value) => ({ $regex: value }),
  set: () => ({ $nin: NOTHING }),
  unset: () => ({ $in: NOTHING }),
};

/** A filter as the server takes it. */
function toMongo(node: FilterNode): JsonObject {
  if (!isGroup(node)) {
    return { [SERVER_NAMES[node.by] ?? node.by]: SPELLINGS[node.operator](node.value) };
  }
  const parts = node.parts.map(toMongo);
  return node.join === '$and' && parts.length === 1 ? parts[0] : { [node.join]: parts };
}

export const formatFilter = (root: FilterGroup): string =>
  root.parts.length > 0 ? JSON.stringify(toMongo(root)) : '';

/** The filter of an address; throws an Error that says what can't be read. */
export function parseFilter(text: string | undefined): FilterGroup {
  if (!text) return { join: '$and', parts: [] };
  const node = fromMongo(JSON.parse(text));
  return isGroup(node) ? node : { join: '$and', parts: [node] };
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fromMongo(filter: Json): FilterNode {
  if (!isObject(filter)) throw new Error(`${JSON.stringify(filter)} is no filter`);
  return joined(Object.entries(filter).map(([name, wanted]) => partOf(name, wanted)));
}

/** One part needs no group around it. */
const joined = (parts: FilterNode[]): FilterNode =>
  parts.length === 1 ? parts[0] : { join: '$and', parts };

function partOf(name: string, wanted: Json): FilterNode {
  if (name === '$not') return { join: '$nor', parts: [fromMongo(wanted)] };
  if (name === '$and' || name === '$or' || name === '$nor') {
    if (!Array.isArray(wanted)) throw new Error(`${name} takes a list of filters`);
    return { join: name, parts: wanted.map(fromMongo) };
  }
  const by = fieldOf(name);
  const isTest = isObject(wanted) && Object.keys(wanted).some((key) => key.startsWith('$'));
  if (!isTest) return { by, operator: 'eq', value: wanted };
  return joined(Object.entries(wanted).map(([operator, value]) => testOf(by, operator, value)));
}

function fieldOf(name: string): string {
  const own = CLIENT_NAMES[name] ?? name.replace(/^summary_metrics\./, 'summary.');
  if (own in SERVER_NAMES || PLAIN_NAMES.includes(own) || KEYED.test(own)) return own;
  throw new Error(`runs have no field "${name}"`);
}

const COMPARED: Record<string, Operator> = {
  $eq: 'eq',
  $ne: 'ne',
  $lt: 'lt',
  $lte: 'le',
  $gt: 'gt',
  $gte: 'ge',
};

function testOf(by: string, operator: string, value: Json): FilterNode {
  if (operator in COMPARED) return { by, operator: COMPARED[operator], value };
  const isNothing = JSON.stringify(value) === JSON.stringify(NOTHING);
  if (operator === '$in') return { by, operator: isNothing ? 'unset' : 'in', value };
  if (operator === '$nin') return { by, operator: isNothing ? 'set' : 'nin', value };
  if (operator === '$exists') return { by, operator: value ? 'set' : 'unset', value: null };
  if (operator === '$regex') return patternOf(by, String(value));
  if (operator === '$not' && isObject(value)) return negated(partOf(by, value));
  throw new Error(`there is no operator "${operator}"`);
}

function negated(node: FilterNode): FilterNode {
  return !isGroup(node) && node.operator === 'has'
    ? { ...node, operator: 'hasnot' }
    : { join: '$nor', parts: [node] };
}

function patternOf(by: string, pattern: string): Condition {
  if (!pattern.startsWith(IGNORING_CASE)) return { by, operator: 'regex', value: pattern };
  const body = pattern.slice(IGNORING_CASE.length);
  const literal = literalOf(body);
  return literal === null
    ? { by, operator: 'matches', value: body }
    : { by, operator: 'has', value: literal };
}

/** The text that a pattern stands for, if it has nothing but escaped marks. */
function literalOf(pattern: string): string | null {
  const text = pattern.replace(/\\(\W)/g, '$1');
  return escapeRegExp(text) === pattern ? text : null;
}
