/** One condition of a filter: a field, a comparison that suits its type, and a value. */

import { useId } from 'preact/hooks';
import type { Run } from '../../api/types';
import type { Choice } from '../../model/types';
import type { DraftCondition } from '../../state/runs/filterDraft';
import {
  type FieldType,
  fieldType,
  filterFields,
  needsValue,
  OPERATORS,
  operatorWord,
  typedValue,
} from '../../state/runs/filterFields';
import type { Operator } from '../../state/runs/filterTree';
import { fieldLabel } from '../../state/runs/runColumns';
import { runValue } from '../../state/runs/visibility';
import { IconButton, Select } from '../widgets/controls';
import { Icon } from '../widgets/Icon';

interface ConditionEditorProps {
  runs: Run[];
  condition: DraftCondition;
  name: string;
  onChange(condition: DraftCondition): void;
  onRemove(): void;
}

export function ConditionEditor(props: ConditionEditorProps) {
  const { runs, condition, name, onChange, onRemove } = props;
  const { by, operator } = condition;
  const type = fieldType(runs, by);
  const offered = OPERATORS[type].includes(operator)
    ? OPERATORS[type]
    : [operator, ...OPERATORS[type]];
  const setField = (next: string) => {
    const possible = OPERATORS[fieldType(runs, next)];
    const kept = possible.includes(operator) ? operator : possible[0];
    onChange({ ...condition, by: next, operator: kept, text: '' });
  };
  return (
    <fieldset class="condition" aria-label={name}>
      <FieldSelect runs={runs} value={by} onChange={setField} />
      <Select
        label="Comparison"
        value={operator}
        choices={offered.map((word): Choice<Operator> => [word, operatorWord(type, word)])}
        onChange={(next: Operator) => onChange({ ...condition, operator: next })}
      />
      {needsValue(operator) ? (
        <ValueField
          runs={runs}
          condition={condition}
          type={type}
          onInput={(text) => onChange({ ...condition, text })}
        />
      ) : (
        <span class="stretch" />
      )}
      <IconButton small icon="x" label={`Remove ${name.toLowerCase()}`} onClick={onRemove} />
    </fieldset>
  );
}

interface FieldSelectProps {
  runs: Run[];
  value: string;
  onChange(by: string): void;
}

function FieldSelect({ runs, value, onChange }: FieldSelectProps) {
  return (
    <span class="pick">
      <select
        aria-label="Field"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {filterFields(runs).map(([group, fields]) => (
          <optgroup key={group} label={group}>
            {fields.map((by) => (
              <option key={by} value={by} selected={by === value}>
                {fieldLabel(by)}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
      <Icon name="down" />
    </span>
  );
}

const HINTS: Record<FieldType, string> = {
  number: 'a number',
  text: 'text',
  list: 'a value',
  date: 'a day',
  yesno: '',
};

interface ValueFieldProps {
  runs: Run[];
  condition: DraftCondition;
  type: FieldType;
  onInput(text: string): void;
}

function ValueField({ runs, condition, type, onInput }: ValueFieldProps) {
  const { by, operator, text } = condition;
  const list = useId();
  if (type === 'yesno') {
    const choices: Choice<string>[] = [
      ['', 'choose'],
      ['true', 'true'],
      ['false', 'false'],
    ];
    return <Select label="Value" value={text} choices={choices} onChange={onInput} />;
  }
  const several = operator === 'in' || operator === 'nin';
  const wrong = text !== '' && typedValue(type, operator, text) === null;
  const hint = several ? 'values with commas' : HINTS[type];
  return (
    <label class={`field outlined stretch ${wrong ? 'invalid' : ''}`}>
      <input
        type={type === 'date' ? 'date' : 'text'}
        aria-label="Value"
        aria-invalid={wrong}
        title={wrong ? `"${text}" is not ${HINTS[type]}` : undefined}
        placeholder={hint}
        list={list}
        value={text}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {type !== 'number' && !several && <Values id={list} runs={runs} by={by} />}
    </label>
  );
}

const MOST_VALUES = 50;

/** Values that the runs have, to choose from while typing. */
function Values({ id, runs, by }: { id: string; runs: Run[]; by: string }) {
  const found = new Set<string>();
  for (const run of runs) {
    const value = runValue(run, by);
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null && typeof item !== 'object') found.add(String(item));
    }
    if (found.size >= MOST_VALUES) break;
  }
  return (
    <datalist id={id}>
      {[...found].map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}
