/** One run of the table, or the head of a group. */

import { useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import { formatDate, formatDuration, formatExact } from '../../math/numbers';
import { Link, runHref } from '../../router';
import { asNumber } from '../../state/filters';
import { columnName, type Goal, medianOf } from '../../state/runColumns';
import { type RunGroup, toggleGroup } from '../../state/runList';
import { colorOf, cssColor, runValue } from '../../state/visibility';
import { IconButton } from '../controls';
import { Icon, StateGlyph } from '../Icon';
import { ValueText } from '../ValueText';
import { EditText } from './EditText';
import { type EditedField, RunActions, saveField } from './RunActions';
import type { Column } from './TableHead';

export interface CellColumn extends Column {
  goal: Goal;
  edge: boolean;
}

interface RunRowProps {
  run: Run;
  columns: CellColumn[];
  shown: boolean;
  pinned: boolean;
  baseline: Run | null;
  onToggle(): void;
}

export function RunRow({ run, columns, shown, pinned, baseline, onToggle }: RunRowProps) {
  const [edited, setEdited] = useState<EditedField | null>(null);
  const isBaseline = baseline?.uid === run.uid;
  const done = (field: EditedField) => (text: string | null) => {
    setEdited(null);
    if (text !== null) saveField(run, field, text);
  };
  return (
    <tr class={isBaseline ? 'base' : pinned ? 'pinned' : ''}>
      <td>
        <span class="row namecell" style={{ '--c': cssColor(colorOf(run)) }}>
          <IconButton
            small
            icon={shown ? 'eye' : 'eyeoff'}
            label={`${shown ? 'Hide' : 'Show'} ${run.name} in the workspace`}
            onClick={onToggle}
          />
          <span class={`dot ${shown ? '' : 'hollow'}`} />
          {edited === 'name' ? (
            <EditText label={`Name of ${run.name}`} value={run.name} onDone={done('name')} />
          ) : (
            <Name run={run} onEdit={() => setEdited('name')} />
          )}
          {pinned && !isBaseline && <Icon name="pin" />}
          <span class="sp" />
          <span class="rowacts">
            <RunActions run={run} onEdit={setEdited} />
          </span>
        </span>
      </td>
      <td>
        <span class="stat">
          <StateGlyph state={run.state} />
          {run.state}
        </span>
      </td>
      <td class="r-num mid" title={new Date(run.created_us / 1000).toString()}>
        {formatDate(run.created_us)}
      </td>
      <td class="r-num mid">{formatDuration(run.runtime_secs)}</td>
      <td onDblClick={() => setEdited('tags')}>
        {edited === 'tags' ? (
          <EditText
            label={`Tags of ${run.name}, with commas`}
            value={run.tags.join(', ')}
            onDone={done('tags')}
          />
        ) : (
          run.tags.map((tag) => (
            <span class="tag" key={tag}>
              {tag}
            </span>
          ))
        )}
      </td>
      <td class="mid" title={run.notes} onDblClick={() => setEdited('notes')}>
        {edited === 'notes' ? (
          <EditText label={`Notes on ${run.name}`} value={run.notes} onDone={done('notes')} />
        ) : (
          run.notes
        )}
      </td>
      {columns.map((column) => (
        <Cell key={column.by} run={run} column={column} baseline={baseline} />
      ))}
    </tr>
  );
}

function Name({ run, onEdit }: { run: Run; onEdit(): void }) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the menu of the row renames by keyboard
    <span class="ell" onDblClick={onEdit}>
      <Link
        class="rowlink"
        href={runHref(run.entity, run.project, run.run_id)}
        title={`${run.name}: double click beside the name or the menu renames`}
      >
        {run.name}
      </Link>
    </span>
  );
}

interface CellProps {
  run: Run;
  column: CellColumn;
  baseline: Run | null;
}

function Cell({ run, column, baseline }: CellProps) {
  const { by, facts, goal, edge } = column;
  const value = runValue(run, by);
  const place = `${facts.numeric ? 'r-num' : ''} ${edge ? 'edge' : ''}`;
  const number = asNumber(value);
  const measured = by.startsWith('summary.') && facts.numeric;
  if (!measured || number === null) {
    return (
      <td class={place}>
        <ValueText value={value} exact={by.startsWith('config.')} />
      </td>
    );
  }
  const share = facts.hi > facts.lo ? (number - facts.lo) / (facts.hi - facts.lo) : 0;
  const base = baseline ? asNumber(runValue(baseline, by)) : null;
  return (
    <td class={`${place} measured`}>
      <span class="val">
        <ValueText value={value} />
      </span>
      {baseline && (
        <span class="delta">
          {baseline.uid === run.uid && edge && 'baseline'}
          {baseline.uid !== run.uid && (
            <Delta value={number} base={base} goal={goal} decimals={facts.decimals} />
          )}
        </span>
      )}
      {Number.isFinite(share) && share > 0 && (
        <span class="rule" style={{ '--w': String(share) }} />
      )}
    </td>
  );
}

interface DeltaProps {
  value: number;
  base: number | null;
  goal: Goal;
  decimals: number;
}

/** The difference from the baseline, coloured by whether it is better. */
function Delta({ value, base, goal, decimals }: DeltaProps) {
  const delta = base === null ? Number.NaN : value - base;
  if (!Number.isFinite(delta)) return <span class="dim">–</span>;
  const better = goal !== null && (goal === 'up' ? delta > 0 : delta < 0);
  const tone = delta === 0 || goal === null ? 'dim' : better ? 'better' : 'worse';
  const size = Math.abs(delta);
  const text =
    size !== 0 && size < 10 ** -decimals ? size.toExponential(1) : size.toFixed(decimals);
  return (
    <span class={tone} title={formatExact(delta)}>
      {delta === 0 ? '' : delta > 0 ? '▴' : '▾'} {text}
    </span>
  );
}

interface GroupRowProps {
  field: string;
  group: RunGroup;
  columns: CellColumn[];
  baseline: boolean;
}

/** The head of a group: its size, and the medians of what its runs have measured. */
export function GroupRow({ field, group, columns, baseline }: GroupRowProps) {
  const { name, runs, open } = group;
  return (
    <tr class="group">
      <td colSpan={6}>
        <button type="button" class="fold" aria-expanded={open} onClick={() => toggleGroup(name)}>
          <Icon name="down" />
          {columnName(field)} <b>{name}</b> <span class="dim">{runs.length}</span>
        </button>
      </td>
      {columns.map(({ by, facts, edge }) => {
        const median = by.startsWith('summary.') && facts.numeric ? medianOf(runs, by) : null;
        return (
          <td
            key={by}
            class={`r-num mid ${edge ? 'edge' : ''} ${median === null ? '' : 'measured'}`}
          >
            {median !== null && (
              <>
                <span class="val">
                  <ValueText value={median} />
                </span>
                {baseline && <span class="delta dim">median</span>}
              </>
            )}
          </td>
        );
      })}
    </tr>
  );
}
