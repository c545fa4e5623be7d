/** The logged tables of several runs as one, each row with its run. */

import { useMemo } from 'preact/hooks';
import { ApiError } from '../../api/client';
import { concatenated } from '../../math/table';
import type { Json } from '../../model/json';
import { type RunItems, useTables } from '../../state/media/mediaMoment';
import type { RunTable } from '../../state/runs/download';
import { TableGrid } from './TableItem';

export function StackedTables({ shown, name }: { shown: RunItems[]; name: string }) {
  const loaded = useTables(shown);
  const tables = loaded instanceof ApiError || !loaded ? [] : loaded;
  const { table, owners } = useMemo(() => stacked(tables), [loaded]);
  if (loaded instanceof ApiError) return <p class="bad t12">{loaded.message}</p>;
  return (
    <div class="media fills">{loaded && <TableGrid of={owners} table={table} name={name} />}</div>
  );
}

function stacked(tables: RunTable[]) {
  const table = concatenated(
    tables.map(({ run, table: { columns, data } }) => ({
      columns: ['run', ...columns],
      data: data.map((row) => [run.name, ...row]),
    })),
  );
  const ofRows = tables.flatMap((one) => one.table.data.map(() => one));
  const owners = new Map<Json[], RunTable>(table.data.map((row, i) => [row, ofRows[i]]));
  return { table, owners };
}
