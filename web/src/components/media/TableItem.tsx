/** A logged table: sorted by any column, filtered by any text, in pages. */

import { useMemo, useState } from 'preact/hooks';
import { ApiError } from '../../api/client';
import { jsonNumber } from '../../math/jsonNumber';
import { type MediaItem, mediaItems } from '../../math/media';
import { counted, formatCount } from '../../math/numbers';
import { type LoggedTable, tableRows } from '../../math/table';
import {
  filteredRows,
  type GroupedTable,
  groupedRows,
  PLAIN_LOOK,
  type TableLook,
} from '../../math/tableLook';
import type { Json } from '../../model/json';
import { useHref, useTable } from '../../state/media/hooks';
import type { RunTable } from '../../state/runs/download';
import { colorOf, cssColor } from '../../state/runs/visibility';
import { SearchField } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { Pages } from '../widgets/Pages';
import { ValueText } from '../widgets/ValueText';
import { hrefText } from './source';
import { TableTools } from './TableTools';

const ROWS_A_PAGE = 100;

interface TableItemProps {
  uid: number;
  item: MediaItem;
  /** Tells this table from others on the page. */
  name: string;
}

export function TableItem({ uid, item, name }: TableItemProps) {
  const table = useTable(uid, item);
  if (table instanceof ApiError) return <p class="bad t12">{table.message}</p>;
  return table && <TableGrid of={uid} table={table} name={name} />;
}

interface Sort {
  column: number;
  down: boolean;
}

interface GridProps {
  /** The run whose files the cells name; of several runs, whose each row is: its first cell names it. */
  of: number | ReadonlyMap<Json[], RunTable>;
  table: LoggedTable;
  name: string;
}

export function TableGrid({ of, table, name }: GridProps) {
  const [search, setSearch] = useState('');
  const [sort, setSort] = useState<Sort | null>(null);
  const [page, setPage] = useState(0);
  const [look, setLook] = useState(PLAIN_LOOK);
  const [choosing, setChoosing] = useState(false);
  const seen = useMemo(() => lookedAt(table, look), [table, look]);
  const rows = useMemo(() => tableRows(seen, search, sort), [seen, search, sort]);
  const numeric = useMemo(() => seen.columns.map((_, i) => isNumeric(seen, i)), [seen]);
  const places = seen.columns.flatMap((_, i) =>
    look.group.length === 0 && look.hidden.has(i) ? [] : [i],
  );
  const chooseLook = (next: TableLook) => {
    setLook(next);
    if (next.group !== look.group) setSort(null);
  };
  const total = Math.max(table.total ?? 0, table.data.length);
  const last = Math.max(0, Math.ceil(rows.length / ROWS_A_PAGE) - 1);
  const at = Math.min(page, last);
  const sortBy = (column: number) =>
    setSort(
      sort?.column === column && sort.down ? null : { column, down: sort?.column === column },
    );
  return (
    <div class="logtable">
      <div class="row tools">
        <SearchField label="Filter rows" value={search} onInput={setSearch} />
        <output class="t12 dim">
          {rows.length === total ? '' : `${formatCount(rows.length)} of `}
          {counted(total, 'row')}
          {look.group.length > 0 && ' in groups'}
        </output>
        <button
          type="button"
          class="t12"
          aria-expanded={choosing}
          onClick={() => setChoosing(!choosing)}
        >
          Columns
        </button>
        {table.lack && <span class="t12 bad">{table.lack}</span>}
        <div class="stretch" />
        {last > 0 && <Pages what="Rows" page={at} last={last} onPage={setPage} />}
      </div>
      {choosing && <TableTools columns={table.columns} look={look} onLook={chooseLook} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus */}
      <section class="scroll" tabIndex={0} aria-label={`Rows of ${name}`}>
        <table class="table">
          <thead>
            <tr>
              {places.map((i) => (
                <Head
                  key={`${i} ${seen.columns[i]}`}
                  name={String(seen.columns[i])}
                  numeric={numeric[i]}
                  sort={sort?.column === i ? sort : null}
                  onSort={() => sortBy(i)}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(at * ROWS_A_PAGE, (at + 1) * ROWS_A_PAGE).map((row, i) => (
              <Row
                key={i}
                owner={ownerOf(of, seen.firsts?.get(row) ?? row)}
                row={row}
                places={places}
                numeric={numeric}
                named={look.group.length === 0}
              />
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

/** Filtered by column, and grouped. */
function lookedAt(table: LoggedTable, look: TableLook): LoggedTable & Partial<GroupedTable> {
  const data = filteredRows(table, look);
  if (look.group.length > 0) return groupedRows(table.columns, data, look.group);
  return data === table.data ? table : { ...table, data };
}

const ownerOf = (of: GridProps['of'], row: Json[]): number | RunTable =>
  typeof of === 'number' ? of : of.get(row)!;

interface RowProps {
  owner: number | RunTable;
  row: Json[];
  /** The columns that are shown. */
  places: number[];
  numeric: boolean[];
  /** Whether the first cell of a row of several runs names its run. */
  named: boolean;
}

function Row({ owner, row, places, numeric, named }: RowProps) {
  const run = typeof owner === 'number' ? null : owner;
  const uid = typeof owner === 'number' ? owner : owner.run.uid;
  return (
    <tr>
      {places.map((i) => (
        <td key={i} class={numeric[i] ? 'r-num' : undefined}>
          {run && named && i === 0 ? (
            <RunName {...run} />
          ) : (
            <Cell uid={uid} cell={row[i] ?? null} />
          )}
        </td>
      ))}
    </tr>
  );
}

function RunName({ run, step }: RunTable) {
  return (
    <span
      class="row of"
      style={{ '--c': cssColor(colorOf(run)) }}
      title={`${run.name}, step ${formatCount(step)}`}
    >
      <span class="dot" />
      {run.name}
    </span>
  );
}

/** Columns whose first value is a number stand right-aligned. */
const isNumeric = ({ data }: LoggedTable, column: number): boolean =>
  jsonNumber(data.find((row) => row[column] !== null)?.[column]) !== null;

interface HeadProps {
  name: string;
  numeric: boolean;
  sort: Sort | null;
  onSort(): void;
}

function Head({ name, numeric, sort, onSort }: HeadProps) {
  const order = sort && (sort.down ? 'descending' : 'ascending');
  return (
    <th class={numeric ? 'r-num' : undefined} aria-sort={order ?? 'none'}>
      <button type="button" aria-pressed={sort !== null} onClick={onSort}>
        {name}
        {sort && <Icon name={sort.down ? 'down' : 'up'} />}
      </button>
    </th>
  );
}

/** A value, or a small picture or link for media in a table. */
function Cell({ uid, cell }: { uid: number; cell: Json }) {
  const items = mediaItems(cell);
  if (items.length === 0)
    return isLong(cell) ? <LongText text={cell} /> : <ValueText value={cell} />;
  return (
    <span class="row cellmedia">
      {items.map((item, i) => (
        <MediaCell key={`${item.path} ${i}`} uid={uid} item={item} />
      ))}
    </span>
  );
}

const MOST_LETTERS = 60;

const isLong = (cell: Json): cell is string =>
  typeof cell === 'string' && (cell.length > MOST_LETTERS || cell.includes('\n'));

/** A click opens it whole, with its lines as they were logged. */
function LongText({ text }: { text: string }) {
  const [open, setOpen] = useState(false);
  return (
    <button
      type="button"
      class={`longtext ${open ? '' : 'ell'}`}
      aria-expanded={open}
      title={open ? undefined : 'Open the whole text'}
      onClick={() => {
        if (getSelection()?.isCollapsed !== false) setOpen(!open);
      }}
    >
      {text}
    </button>
  );
}

function MediaCell({ uid, item }: { uid: number; item: MediaItem }) {
  const { text } = hrefText(useHref(uid, item));
  if (!text) return null;
  const name = item.caption || item.path.slice(item.path.lastIndexOf('/') + 1);
  if (item.kind === 'image') return <img src={text} alt={name} loading="lazy" />;
  // biome-ignore lint/a11y/useMediaCaption: logged sounds come without words
  if (item.kind === 'audio') return <audio controls preload="none" src={text} aria-label={name} />;
  return (
    <a class="link" href={text} download={name}>
      {name}
    </a>
  );
}
