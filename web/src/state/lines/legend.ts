/** Names of lines by a template, as `${run:name} ${config:lr}`: what it can name, and its values. */

import type { Run } from '../../api/types';
import { SyntaxFault } from '../../math/expression';
import { formatDate, formatDuration } from '../../math/numbers';
import { fillTemplate, parseTemplate } from '../../math/template';
import type { Json } from '../../model/json';
import { asText } from '../runs/filters';
import { runValue } from '../runs/visibility';

/** What a line shows. */
export interface Subject {
  run: Run;
  metric: string;
  /** How it is computed; of a logged metric its name. */
  expression: string;
}

const RUN_VALUES: Record<string, (run: Run) => Json> = {
  name: ({ name }) => name,
  displayName: ({ name }) => name,
  id: ({ run_id }) => run_id,
  state: ({ state }) => state,
  group: ({ group }) => group,
  jobType: ({ job_type }) => job_type,
  tags: ({ tags }) => tags.join(', '),
  notes: ({ notes }) => notes,
  createdAt: ({ created_us }) => formatDate(created_us),
  runtime: ({ runtime_secs }) => formatDuration(runtime_secs),
};

/** What a template can name; the last two for every key of config and summary. */
export const LEGEND_NAMES = [
  ...Object.keys(RUN_VALUES).map((name) => `run:${name}`),
  'metricName',
  'expression',
  'config:…',
  'summary:…',
];

const MISSING = '–';
const DIGITS = 6;

function look(name: string, { run, metric, expression }: Subject): Json | undefined {
  if (name === 'metricName') return metric;
  if (name === 'expression') return expression;
  const [source, key] = [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)];
  return source === 'run' ? RUN_VALUES[key](run) : runValue(run, `${source}.${key}`);
}

function isKnown(name: string): boolean {
  if (name === 'metricName' || name === 'expression') return true;
  const [, source, key] = /^(run|config|summary):(.+)$/.exec(name) ?? [];
  return source === 'run' ? Object.hasOwn(RUN_VALUES, key) : source !== undefined;
}

function shown(value: Json | undefined): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(DIGITS)));
  return asText(value) || MISSING;
}

/** What is wrong with a template, if anything is. */
export function templateFault(text: string): SyntaxFault | null {
  try {
    const unknown = parseTemplate(text).find((p) => typeof p !== 'string' && !isKnown(p.name));
    if (!unknown || typeof unknown === 'string') return null;
    return new SyntaxFault(`there is no ${unknown.name}`, unknown.at, unknown.length);
  } catch (fault) {
    if (fault instanceof SyntaxFault) return fault;
    throw fault;
  }
}

/** The name of a line by a template without faults. */
export const labelOf = (text: string, subject: Subject): string =>
  fillTemplate(parseTemplate(text), (name) => shown(look(name, subject)));

/** Names of config and summary in a template that none of the runs has. */
export function missingNames(text: string, runs: Run[]): string[] {
  const names = parseTemplate(text).flatMap((p) => (typeof p === 'string' ? [] : p.name));
  return [...new Set(names)].filter(
    (name) =>
      /^(config|summary):/.test(name) &&
      runs.every((run) => look(name, { run, metric: '', expression: '' }) === undefined),
  );
}
