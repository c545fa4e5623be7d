/** The filter of runs as a tree that is edited: conditions, and groups of them in groups. */

import { useRef, useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import type { Choice } from '../../model/types';
import {
  type DraftGroup,
  type DraftNode,
  draftOf,
  emptyCondition,
  emptyGroup,
  filterOf,
  isDraftGroup,
} from '../../state/runs/filterDraft';
import { filterRoot, setFilter } from '../../state/runs/filters';
import { formatFilter, type Join } from '../../state/runs/filterTree';
import { copyText } from '../../state/toasts';
import { IconButton, Select } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { ConditionEditor } from './ConditionEditor';
import './filters.css';
import './menus.css';

interface FilterEditorProps {
  runs: Run[];
  onDone(): void;
}

/** What is complete applies at once; the first change is a step for Back, the others join it. */
export function FilterEditor({ runs, onDone }: FilterEditorProps) {
  const [draft, setDraft] = useState(() => draftOf(filterRoot.peek()));
  const changed = useRef(false);
  const change = (next: DraftGroup) => {
    setDraft(next);
    const root = filterOf(runs, next);
    if (formatFilter(root) === formatFilter(filterRoot.peek())) return;
    setFilter(root, changed.current ? 'replace' : 'push');
    changed.current = true;
  };
  const count = filterRoot.value.parts.length;
  return (
    <div class="filtereditor">
      <GroupEditor runs={runs} group={draft} name="Filter" onChange={change} />
      <div class="filterend">
        <button
          type="button"
          class="btn ghost fit"
          disabled={count === 0}
          title="As Api().runs(filters=...) and the server take it"
          onClick={() => void copyText(formatFilter(filterRoot.peek()))}
        >
          <Icon name="copy" />
          Copy for scripts
        </button>
        <span class="stretch" />
        <button
          type="button"
          class="btn ghost fit"
          disabled={count === 0}
          onClick={() => change({ ...draft, join: '$and', parts: [emptyCondition()] })}
        >
          Clear
        </button>
        <button type="button" class="btn pri fit" onClick={onDone}>
          Done
        </button>
      </div>
    </div>
  );
}

const JOINS: Choice<Join>[] = [
  ['$and', 'all of these'],
  ['$or', 'any of these'],
  ['$nor', 'none of these'],
];

interface GroupEditorProps {
  runs: Run[];
  group: DraftGroup;
  /** Its place in the tree: `Group 2.1`. */
  name: string;
  onChange(group: DraftGroup): void;
  onRemove?(): void;
}

function GroupEditor({ runs, group, name, onChange, onRemove }: GroupEditorProps) {
  const { parts } = group;
  const set = (next: DraftNode[]) => onChange({ ...group, parts: next });
  const numbered = (i: number) => (onRemove ? `${name.split(' ').at(-1)}.${i + 1}` : `${i + 1}`);
  return (
    <fieldset class="filtergroup" aria-label={name}>
      <div class="filterhead">
        {onRemove ? '' : 'Runs with'}
        <Select
          label={`Which conditions of ${name.toLowerCase()} have to fit`}
          value={group.join}
          choices={JOINS}
          onChange={(join) => onChange({ ...group, join })}
        />
        <span class="stretch" />
        {onRemove && <IconButton small icon="x" label={`Remove ${name}`} onClick={onRemove} />}
      </div>
      {parts.map((part, i) => {
        const replace = (next: DraftNode) => set(parts.map((old, j) => (j === i ? next : old)));
        const remove = () => set(parts.filter((_, j) => j !== i));
        return isDraftGroup(part) ? (
          <GroupEditor
            key={part.id}
            runs={runs}
            group={part}
            name={`Group ${numbered(i)}`}
            onChange={replace}
            onRemove={remove}
          />
        ) : (
          <ConditionEditor
            key={part.id}
            runs={runs}
            condition={part}
            name={`Condition ${numbered(i)}`}
            onChange={replace}
            onRemove={remove}
          />
        );
      })}
      <div class="filteradd">
        <button
          type="button"
          class="btn ghost fit"
          aria-label={`Add a condition to ${name.toLowerCase()}`}
          onClick={() => set([...parts, emptyCondition()])}
        >
          <Icon name="plus" />
          Condition
        </button>
        <button
          type="button"
          class="btn ghost fit"
          aria-label={`Add a group to ${name.toLowerCase()}`}
          onClick={() => set([...parts, emptyGroup()])}
        >
          <Icon name="plus" />
          Group
        </button>
      </div>
    </fieldset>
  );
}
