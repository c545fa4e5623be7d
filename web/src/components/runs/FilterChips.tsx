/** The filter as chips, one for each part: a press on its words edits it, on the cross removes it. */

import type { Run } from '../../api/types';
import { filterOpen } from '../../state/runs/filterDraft';
import { conditionWords } from '../../state/runs/filterFields';
import { filterFault, filterRoot, setFilter } from '../../state/runs/filters';
import { type FilterGroup, type FilterNode, isGroup } from '../../state/runs/filterTree';
import { setParams } from '../../state/view/view';
import { yieldFocus } from '../panel/yieldFocus';
import { Icon } from '../widgets/Icon';

const MOST_CHIPS = 4;

export function FilterChips({ runs }: { runs: Run[] }) {
  const fault = filterFault.value;
  if (fault !== null) {
    return (
      <Chip
        words={[`The filter in the address can't be read: ${fault}`]}
        onRemove={() => setParams({ filter: null }, 'push')}
      />
    );
  }
  const root = filterRoot.value;
  const parts: FilterNode[] = root.join === '$and' ? root.parts : [root];
  const remove = (i: number) => setFilter({ join: '$and', parts: parts.filter((_, j) => j !== i) });
  return (
    <>
      {parts.slice(0, MOST_CHIPS).map((part, i) => (
        <Chip key={JSON.stringify(part)} words={wordsOf(runs, part)} onRemove={() => remove(i)} />
      ))}
      {parts.length > MOST_CHIPS && (
        <button type="button" class="chip quiet" onClick={openEditor}>
          {parts.length - MOST_CHIPS} more
        </button>
      )}
    </>
  );
}

const openEditor = (): void => {
  filterOpen.value = true;
};

/** Alternately plain and bold: what is asked, and the values. */
function wordsOf(runs: Run[], node: FilterNode): string[] {
  if (!isGroup(node)) {
    const [field, operator, value] = conditionWords(runs, node);
    return [`${field} ${operator} `, value];
  }
  return groupWords(runs, node);
}

function groupWords(runs: Run[], { join, parts }: FilterGroup): string[] {
  const between = join === '$and' ? ' and ' : ' or ';
  const words = parts.flatMap((part, i) => {
    const [first, ...rest] = wordsOf(runs, part);
    const inner = isGroup(part) && part.join !== '$nor';
    const own = inner ? [`(${first}`, ...closed(rest)] : [first, ...rest];
    return i === 0 ? own : [between + own[0], ...own.slice(1)];
  });
  return join === '$nor' ? [`not (${words[0]}`, ...closed(words.slice(1))] : words;
}

/** With a bracket after the last word, in plain type. */
function closed(words: string[]): string[] {
  return words.length % 2 === 1 ? [...words, ')'] : [...words.slice(0, -1), `${words.at(-1)})`];
}

interface ChipProps {
  words: string[];
  onRemove(): void;
}

function Chip({ words, onRemove }: ChipProps) {
  const text = words.join('').trim();
  return (
    <span class="chip quiet" title={text}>
      <button type="button" class="ell" aria-label={`Edit ${text}`} onClick={openEditor}>
        {words.map((word, i) => (i % 2 ? <b key={i}>{word}</b> : word))}
      </button>
      <button
        type="button"
        aria-label={`Remove ${text}`}
        onClick={() => {
          yieldFocus('.chip');
          onRemove();
        }}
      >
        <Icon name="x" />
      </button>
    </span>
  );
}
