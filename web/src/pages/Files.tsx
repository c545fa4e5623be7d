/** The files of a run, folder by folder. */

import { signal } from '@preact/signals';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { fileHref, listFiles } from '../api/client';
import type { Run, RunFile } from '../api/types';
import { SearchField } from '../components/widgets/controls';
import { Icon } from '../components/widgets/Icon';
import { counted, formatCount, formatDate } from '../math/numbers';
import { attempt } from '../state/toasts';
import type { Workspace } from '../state/workspace/workspace';
import './files.css';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];
/** Rows that are shown; who has more files narrows them down by folder or search. */
const MOST_ROWS = 1000;

export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}

function useFiles(run: Run, workspace: Workspace): RunFile[] | null {
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
  return files.value;
}

export interface Folder {
  name: string;
  files: number;
  size_bytes: number;
}

/** What lies directly in a folder (`''` is the top, others end in `/`): its folders and files. */
export function inFolder<T extends { size_bytes: number }>(
  all: T[],
  nameOf: (file: T) => string,
  folder: string,
): { folders: Folder[]; files: T[] } {
  const folders = new Map<string, Folder>();
  const files: T[] = [];
  for (const file of all) {
    if (!nameOf(file).startsWith(folder)) continue;
    const rest = nameOf(file).slice(folder.length);
    const cut = rest.indexOf('/');
    if (cut < 0) {
      files.push(file);
      continue;
    }
    const name = rest.slice(0, cut);
    const known = folders.get(name) ?? { name, files: 0, size_bytes: 0 };
    folders.set(name, {
      name,
      files: known.files + 1,
      size_bytes: known.size_bytes + file.size_bytes,
    });
  }
  return { folders: [...folders.values()], files };
}

export function Files({ run, workspace }: { run: Run; workspace: Workspace }) {
  const all = useFiles(run, workspace);
  const [folder, setFolder] = useState('');
  const [search, setSearch] = useState('');
  if (all === null) return null;
  if (all.length === 0) return <p class="nothing">The run has saved no files.</p>;
  const wanted = search.toLowerCase();
  const found = all.filter(({ name }) => name.toLowerCase().includes(wanted));
  const { folders, files } = wanted
    ? { folders: [], files: found }
    : inFolder(all, ({ name }) => name, folder);
  return (
    <>
      <div class="bar">
        <SearchField label="Search files" value={search} onInput={setSearch} />
        {!wanted && <Crumbs folder={folder} onFolder={setFolder} />}
        <div class="stretch" />
        <Total files={wanted ? found : all} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus */}
      <section class="sheet" tabIndex={0} aria-label="Files of the run">
        <table class="table filetable">
          <thead>
            <tr>
              <th>Name</th>
              <th class="r-num">Size</th>
              <th>Type</th>
              <th>Saved</th>
              <th>
                <span class="unseen">Download</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {folders.map((one) => (
              <FolderRow
                key={one.name}
                folder={one}
                onOpen={() => setFolder(`${folder}${one.name}/`)}
              />
            ))}
            {files.slice(0, MOST_ROWS).map((file) => (
              <FileRow
                key={file.name}
                run={run}
                file={file}
                name={file.name.slice(wanted ? 0 : folder.length)}
              />
            ))}
          </tbody>
        </table>
        {files.length > MOST_ROWS && (
          <p class="t12 dim more">
            The first {formatCount(MOST_ROWS)} of {formatCount(files.length)} files; search to see
            the others.
          </p>
        )}
      </section>
    </>
  );
}

function Total({ files }: { files: RunFile[] }) {
  const bytes = files.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  return (
    <output class="t12 dim">
      {counted(files.length, 'file')}, {formatBytes(bytes)}
    </output>
  );
}

/** The way to a folder; each part leads back to it. */
function Crumbs({ folder, onFolder }: { folder: string; onFolder(folder: string): void }) {
  const parts = folder.split('/').filter(Boolean);
  return (
    <nav class="filecrumbs" aria-label="Folder">
      <button type="button" onClick={() => onFolder('')}>
        all files
      </button>
      {parts.map((name, i) => (
        <button
          type="button"
          key={name}
          onClick={() => onFolder(`${parts.slice(0, i + 1).join('/')}/`)}
        >
          / {name}
        </button>
      ))}
    </nav>
  );
}

function FolderRow({ folder, onOpen }: { folder: Folder; onOpen(): void }) {
  return (
    <tr>
      <td>
        <button type="button" class="folder" onClick={onOpen}>
          <Icon name="right" />
          <b>{folder.name}</b>
        </button>
      </td>
      <td class="r-num">{formatBytes(folder.size_bytes)}</td>
      <td class="mid">{counted(folder.files, 'file')}</td>
      <td />
      <td />
    </tr>
  );
}

function FileRow({ run, file, name }: { run: Run; file: RunFile; name: string }) {
  return (
    <tr>
      <td class="mono" title={file.name}>
        {name}
      </td>
      <td class="r-num" title={counted(file.size_bytes, 'byte')}>
        {formatBytes(file.size_bytes)}
      </td>
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
  );
}
