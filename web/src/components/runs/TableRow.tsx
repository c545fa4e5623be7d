/** One run of the table. Its elements are taken over by the run that scrolls into its place. */

import { Component, createRef } from 'preact';
import type { Run } from '../../api/types';
import { formatDate, formatDuration } from '../../math/numbers';
import { runHref } from '../../state/route';
import { type EditedField, saveField } from '../../state/runs/runEdits';
import { colorOf, cssColor, dashOf } from '../../state/runs/visibility';
import { IconButton } from '../widgets/controls';
import { Icon, StateGlyph } from '../widgets/Icon';
import { LineDot } from '../widgets/LineDot';
import { Link } from '../widgets/Link';
import { NameOf } from '../widgets/NameOf';
import { EditText } from './EditText';
import { type CellColumn, tableCell } from './TableCell';

/** What a row asks of the table; the same object for all rows and times. */
export interface RowActions {
  toggle(run: Run): void;
  select(run: Run, on: boolean, range: boolean): void;
  open(run: Run, button: HTMLElement): void;
  edit(run: Run, field: EditedField | null): void;
}

interface TableRowProps {
  top: number;
  index: number;
  run: Run;
  /** Its name, as short as there is room. */
  label: string;
  columns: CellColumn[];
  shown: boolean;
  selected: boolean;
  pinned: boolean;
  /** Under the row of its training. */
  nested?: boolean;
  baseline: Run | null;
  edited: EditedField | null;
  notes: boolean;
  actions: RowActions;
}

const CONTROLS = 'button, a, input';

/** What stands in one row where the focused control stands in another. */
function controlLike(
  focused: Element,
  row: HTMLElement,
  moved: HTMLElement | null | undefined,
): HTMLElement | undefined {
  const at = [...row.querySelectorAll(CONTROLS)].indexOf(focused);
  return moved?.querySelectorAll<HTMLElement>(CONTROLS)[at];
}

/** A class, as only what has changed may cost anything while 60 rows scroll. */
export class TableRow extends Component<TableRowProps> {
  private readonly row = createRef<HTMLTableRowElement>();

  override shouldComponentUpdate(next: TableRowProps): boolean {
    const names = Object.keys(next) as (keyof TableRowProps)[];
    return names.some((name) => next[name] !== this.props[name]);
  }

  /** The focus goes with its run to where that stands now, and never stays on another run's button. */
  override componentDidUpdate({ run }: TableRowProps): void {
    const row = this.row.current;
    const focused = document.activeElement;
    if (run.uid === this.props.run.uid || !row?.contains(focused)) return;
    const box = row.closest<HTMLElement>('section');
    const moved = box?.querySelector<HTMLElement>(`[data-run='${run.uid}']`);
    (controlLike(focused!, row, moved) ?? box)?.focus({ preventScroll: true });
  }

  override render() {
    const { top, index, run, columns, selected, pinned, baseline, notes } = this.props;
    const isBaseline = baseline?.uid === run.uid;
    const tone = isBaseline ? 'base' : pinned ? 'pinned' : '';
    return (
      <tr
        ref={this.row}
        class={`${tone} ${selected ? 'sel' : ''}`}
        style={{ top: `${top}px` }}
        data-run={run.uid}
        aria-rowindex={index}
        aria-selected={selected}
        onContextMenu={this.openMenu}
      >
        {this.nameCell(isBaseline)}
        <td class="state">
          <StateGlyph state={run.state} />
          {run.state}
        </td>
        <td class="r-num mid">{formatDate(run.created_us)}</td>
        <td class="r-num mid">{formatDuration(run.runtime_secs)}</td>
        {this.tagsCell()}
        {notes && this.notesCell()}
        {columns.map((column) => tableCell(run, column, baseline))}
      </tr>
    );
  }

  private readonly openMenu = (event: MouseEvent) => {
    if ((event.target as Element).closest('input')) return; // the browser's own menu pastes there
    event.preventDefault();
    const button = this.row.current!.querySelector<HTMLElement>('.rowacts')!;
    this.props.actions.open(this.props.run, button);
  };

  private done(field: EditedField) {
    return (text: string | null, was: string) => {
      const { run, actions } = this.props;
      actions.edit(run, null);
      if (text !== null) saveField(run, field, text, was);
    };
  }

  private nameCell(isBaseline: boolean) {
    const { run, label, shown, selected, pinned, nested, edited, actions } = this.props;
    return (
      <td class={`namecell ${nested ? 'nested' : ''}`} style={{ '--c': cssColor(colorOf(run)) }}>
        <input
          type="checkbox"
          class="tick"
          aria-label={`Select ${run.name}`}
          checked={selected}
          onClick={(event) => actions.select(run, event.currentTarget.checked, event.shiftKey)}
        />
        <IconButton
          small
          icon={shown ? 'eye' : 'eyeoff'}
          label={`${shown ? 'Hide' : 'Show'} ${run.name} in the workspace`}
          onClick={() => actions.toggle(run)}
        />
        <LineDot dash={dashOf(run)} hollow={!shown} />
        {edited === 'name' ? (
          <EditText label={`Name of ${run.name}`} value={run.name} onDone={this.done('name')} />
        ) : (
          // biome-ignore lint/a11y/noStaticElementInteractions: the menu of the row renames by keyboard
          <span class="ell" onDblClick={() => actions.edit(run, 'name')}>
            <Link
              class="rowlink"
              href={runHref(run.entity, run.project, run.run_id)}
              aria-label={run.name}
              title={run.name}
            >
              <NameOf name={label} />
            </Link>
          </span>
        )}
        {pinned && !isBaseline && <Icon name="pin" />}
        <span class="stretch" />
        <IconButton
          small
          icon="more"
          class="rowacts"
          label={`Actions of ${run.name}`}
          onClick={(event) => actions.open(run, event.currentTarget as HTMLElement)}
        />
      </td>
    );
  }

  private tagsCell() {
    const { run, edited, actions } = this.props;
    return (
      <td class="tags" title={run.tags.join(', ')} onDblClick={() => actions.edit(run, 'tags')}>
        {edited === 'tags' ? (
          <EditText
            label={`Tags of ${run.name}, with commas`}
            value={run.tags.join(', ')}
            onDone={this.done('tags')}
          />
        ) : (
          run.tags.map((tag) => (
            <span class="tag" key={tag}>
              {tag}
            </span>
          ))
        )}
      </td>
    );
  }

  private notesCell() {
    const { run, edited, actions } = this.props;
    return (
      <td class="mid" title={run.notes} onDblClick={() => actions.edit(run, 'notes')}>
        {edited === 'notes' ? (
          <EditText label={`Notes on ${run.name}`} value={run.notes} onDone={this.done('notes')} />
        ) : (
          run.notes
        )}
      </td>
    );
  }
}
