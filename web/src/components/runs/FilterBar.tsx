/** Filters on runs as chips, and the menu that adds one. */

import { useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import {
  type Filter,
  fieldType,
  filters,
  matchAny,
  needsValue,
  OPERATOR_WORDS,
  OPERATORS,
  type Operator,
  setFilters,
} from '../../state/filters';
import { columnName, columnsOf, fullName } from '../../state/runColumns';
import { params, setParams } from '../../state/view';
import { runValue } from '../../state/visibility';
import { Check, type Choice, Select } from '../controls';
import { Icon } from '../Icon';
import { Menu } from '../Menu';

const PLAIN_FIELDS = ['name', 'state', 'tags', 'group', 'job_type', 'notes', 'runtime'];

export function FilterBar({ runs }: { runs: Run[] }) {
  const list = filters.value;
  return (
    <>
      {list.map((filter, i) => (
        <Chip
          key={JSON.stringify(filter)}
          filter={filter}
          onRemove={() => setFilters(list.filter((_, j) => j !== i))}
        />
      ))}
      <Menu icon="plus" label="Add a filter" text="Filter" wide>
        {(close) => <FilterForm runs={runs} onDone={close} />}
      </Menu>
    </>
  );
}

function Chip({ filter, onRemove }: { filter: Filter; onRemove(): void }) {
  const { by, operator, value } = filter;
  const name = by.startsWith('summary.') ? columnName(by) : fullName(by);
  const words = `${name} ${OPERATOR_WORDS[operator]} ${value}`.trim();
  return (
    <button type="button" class="chip quiet" aria-label={`Remove ${words}`} onClick={onRemove}>
      {name} {OPERATOR_WORDS[operator]} <b>{value}</b>
      <Icon name="x" />
    </button>
  );
}

function FilterForm({ runs, onDone }: { runs: Run[]; onDone(): void }) {
  const [by, setBy] = useState('tags');
  const [chosen, setChosen] = useState<Operator | null>(null);
  const [value, setValue] = useState('');
  const operators = OPERATORS[fieldType(runs, by)];
  const operator = chosen && operators.includes(chosen) ? chosen : operators[0];
  const wantsNumber = ['lt', 'le', 'gt', 'ge'].includes(operator);
  const wrong = wantsNumber && value !== '' && !Number.isFinite(Number(value));
  const ready = !needsValue(operator) || (value !== '' && !wrong);
  const add = () => {
    if (!ready) return;
    setFilters([...filters.peek(), { by, operator, value: needsValue(operator) ? value : '' }]);
    onDone();
  };
  return (
    <>
      <div class="opt">
        <Select label="Field" value={by} choices={fieldChoices(runs)} onChange={setBy} />
        <Select
          label="Comparison"
          value={operator}
          choices={operators.map((name): Choice<Operator> => [name, OPERATOR_WORDS[name]])}
          onChange={(name: Operator) => setChosen(name)}
        />
      </div>
      {needsValue(operator) && (
        <div class="opt">
          <label class={`field outlined sp ${wrong ? 'invalid' : ''}`}>
            <input
              aria-label="Value"
              aria-invalid={wrong}
              placeholder={wantsNumber ? 'a number' : 'value'}
              list="filter-values"
              value={value}
              onInput={(event) => setValue(event.currentTarget.value)}
              onKeyDown={(event) => event.key === 'Enter' && add()}
            />
          </label>
          <Values runs={runs} by={by} />
        </div>
      )}
      <div class="opt">
        <Check
          label="One fitting filter is enough"
          checked={matchAny.value}
          onChange={(on) => setParams({ any: on ? '1' : null }, 'push')}
        />
      </div>
      <div class="opt">
        <span class="dim t12">{params.value.filter ? `${filters.value.length} set` : ''}</span>
        <button type="button" class="btn pri fit" disabled={!ready} onClick={add}>
          Add filter
        </button>
      </div>
    </>
  );
}

function fieldChoices(runs: Run[]): Choice<string>[] {
  const plain = PLAIN_FIELDS.map((by): Choice<string> => [by, by]);
  return [...plain, ...columnsOf(runs).map((by): Choice<string> => [by, fullName(by)])];
}

const MOST_VALUES = 50;

/** Values that the runs have, to choose from while typing. */
function Values({ runs, by }: { runs: Run[]; by: string }) {
  const found = new Set<string>();
  for (const run of runs) {
    const value = by === 'tags' ? run.tags : runValue(run, by);
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null && typeof item !== 'object') found.add(String(item));
    }
    if (found.size >= MOST_VALUES) break;
  }
  return (
    <datalist id="filter-values">
      {[...found].map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}
