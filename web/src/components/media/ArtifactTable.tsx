/** A table in an artifact: one of its files, or what a logged value refers to. */

import { useEffect, useState } from 'preact/hooks';
import type { Artifact } from '../../api/artifacts';
import { ApiError } from '../../api/client';
import type { Run } from '../../api/types';
import type { MediaItem } from '../../math/media';
import type { LoggedTable } from '../../math/table';
import { readArtifactTable, readReferredTable } from '../../state/media/artifactTables';
import { runHref } from '../../state/route';
import { useScope } from '../../state/workspace/workspace';
import { Link } from '../widgets/Link';
import { TableGrid } from './TableItem';
import './media.css';

type Answer = { table: LoggedTable } | { error: string } | null;

function useTable(read: () => Promise<LoggedTable>, id: string): Answer {
  const { store } = useScope().workspace;
  const [answer, setAnswer] = useState<Answer>(null);
  useEffect(() => {
    let live = true;
    let away = false;
    const start = () =>
      read().then(
        (table) => live && setAnswer({ table }),
        (error: Error) => {
          away = error instanceof ApiError && error.status === 0;
          if (live) setAnswer({ error: error.message });
        },
      );
    void start();
    const stop = store.onBack(() => {
      if (away) void start();
      away = false;
    });
    return () => {
      live = false;
      stop();
    };
  }, [id]);
  return answer;
}

export function ArtifactTable({ artifact, path }: { artifact: Artifact; path: string }) {
  const answer = useTable(() => readArtifactTable(artifact.id, path), `${artifact.id} ${path}`);
  if (!answer) return null;
  if ('error' in answer) return <p class="bad t12">{answer.error}</p>;
  return <TableGrid of={artifact.run?.uid ?? 0} table={answer.table} name={path} />;
}

interface ReferredTableProps {
  run: Run;
  item: MediaItem;
  /** Tells this table from others on the page. */
  name: string;
}

/** A joined or partitioned table of the history, which names only its file in an artifact. */
export function ReferredTable({ run, item, name }: ReferredTableProps) {
  const { reference } = item;
  const answer = useTable(() => readReferredTable(reference), reference);
  if (!answer) return null;
  if (!('error' in answer)) return <TableGrid of={run.uid} table={answer.table} name={name} />;
  const href = runHref(run.entity, run.project, run.run_id, 'artifacts');
  return (
    <p class="t12">
      <span class="bad">{answer.error}</span>{' '}
      <Link class="link" href={href}>
        Artifacts of {run.name}
      </Link>
    </p>
  );
}
