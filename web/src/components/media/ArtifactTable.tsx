/** A table of an artifact. */

import { useEffect, useState } from 'preact/hooks';
import type { Artifact } from '../../api/artifacts';
import type { LoggedTable } from '../../math/table';
import { readArtifactTable } from '../../state/artifactTables';
import { TableGrid } from './TableItem';
import '../../styles/media.css';

interface ArtifactTableProps {
  artifact: Artifact;
  path: string;
}

export function ArtifactTable({ artifact, path }: ArtifactTableProps) {
  const [table, setTable] = useState<LoggedTable | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let live = true;
    readArtifactTable(artifact.id, path).then(
      (found) => live && setTable(found),
      (problem: Error) => live && setError(problem.message),
    );
    return () => {
      live = false;
    };
  }, [artifact.id, path]);
  if (error) return <p class="bad t12">{error}</p>;
  return table && <TableGrid uid={artifact.run?.uid ?? 0} table={table} name={path} />;
}
