/** A logged table: sorted by any column, filtered by any text, in pages. */

import { useMemo, useState } from 'preact/hooks';
import { ApiError } from '../../api/client';
import { jsonNumber } from '../../math/jsonNumber';
import { type MediaItem, mediaItems } from '../../math/media';
import { counted, formatCount } from '../../math/numbers';
import { type LoggedTable, tableRows } from '../../math/table';
import type { Json } from '../../model/json';
import { useHref, useTable } from '../../state/media/hooks';
import type { RunTable } from '../../state/runs/download';
import { colorOf, cssColor } from '../../state/runs/visibility';
import { IconButton, SearchField } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { ValueText } from '../widgets/ValueText';
import { hrefText } from './source';

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
  const rows = useMemo(() => tableRows(table, search, sort), [table, search, sort]);
  const numeric = useMemo(() => table.columns.map((_, i) => isNumeric(table, i)), [table]);
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
          {rows.length === table.data.length ? '' : `${formatCount(rows.length)} of `}
          {counted(table.data.length, 'row')}
        </output>
        <div class="stretch" />
        {last > 0 && <Pages page={at} last={last} onPage={setPage} />}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus */}
      <section class="scroll" tabIndex={0} aria-label={`Rows of ${name}`}>
        <table class="table">
          <thead>
            <tr>
              {table.columns.map((column, i) => (
                <Head
                  key={`${i} ${column}`}
                  name={String(column)}
                  numeric={numeric[i]}
                  sort={sort?.column === i ? sort : null}
                  onSort={() => sortBy(i)}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(at * ROWS_A_PAGE, (at + 1) * ROWS_A_PAGE).map((row, i) => (
              <Row key={i} of={of} row={row} numeric={numeric} />
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

interface RowProps extends Pick<GridProps, 'of'> {
  row: Json[];
  numeric: boolean[];
}

function Row({ of, row, numeric }: RowProps) {
  const owner = typeof of === 'number' ? null : of.get(row)!;
  const uid = typeof of === 'number' ? of : owner!.run.uid;
  return (
    <tr>
      {row.map((cell, i) => (
        <td key={i} class={numeric[i] ? 'r-num' : undefined}>
          {owner && i === 0 ? <RunName {...owner} /> : <Cell uid={uid} cell={cell} />}
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

interface PagesProps {
  page: number;
  last: number;
  onPage(page: number): void;
}

function Pages({ page, last, onPage }: PagesProps) {
  return (
    <span class="pager">
      <IconButton
        icon="left"
        label="Rows before these"
        small
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      />
      {page + 1} of {last + 1}
      <IconButton
        icon="right"
        label="Rows after these"
        small
        disabled={page === last}
        onClick={() => onPage(page + 1)}
      />
    </span>
  );
}

/** A value, or a small picture or link for media in a table. */
function Cell({ uid, cell }: { uid: number; cell: Json }) {
  const [item] = mediaItems(cell);
  if (item) return <MediaCell uid={uid} item={item} />;
  return isLong(cell) ? <LongText text={cell} /> : <ValueText value={cell} />;
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
