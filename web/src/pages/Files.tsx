/** The files of a run. */

import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { fileHref, listFiles } from '../api/client';
import type { Run, RunFile } from '../api/types';
import { Icon } from '../components/Icon';
import { formatDate } from '../math/numbers';
import { attempt } from '../state/toasts';
import type { Workspace } from '../state/workspace';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}

export function Files({ run, workspace }: { run: Run; workspace: Workspace }) {
  const files = useMemo(() => signal<RunFile[] | null>(null), [run.uid]);
  useEffect(() => {
    const load = () =>
      attempt('The files could not be listed', async () => {
        files.value = await listFiles(run.uid);
      });
    void load();
    return workspace.store.onRefresh((dirty) => {
      if (dirty.all || dirty.runs.get(run.uid)?.has('files')) void load();
    });
  }, [run.uid]);
  if (files.value === null) return null;
  if (files.value.length === 0) return <p class="nothing">The run has saved no files.</p>;
  return (
    <div class="sheet">
      <table class="table">
        <thead>
          <tr>
            <th>Name</th>
            <th class="r-num">Size</th>
            <th>Type</th>
            <th>Saved</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {files.value.map((file) => (
            <tr key={file.name}>
              <td class="mono">{file.name}</td>
              <td class="r-num">{formatBytes(file.size_bytes)}</td>
              <td class="mid">{file.mime_type}</td>
              <td class="mid">{formatDate(file.time_us)}</td>
              <td>
                <a
                  class="icon"
                  href={fileHref(run.uid, file.name)}
                  download
                  aria-label={`Download ${file.name}`}
                >
                  <Icon name="download" />
                </a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
