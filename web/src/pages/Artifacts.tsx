/** What a run logged and used: versions, aliases, files, and which runs they come from or go to. */

import { useEffect, useState } from 'preact/hooks';
import {
  type Artifact,
  type ArtifactEntry,
  artifactEntries,
  artifactRuns,
  artifactVersions,
  type RunName,
  runArtifacts,
} from '../api/artifacts';
import type { Run } from '../api/types';
import { IconButton } from '../components/widgets/controls';
import { FactList } from '../components/widgets/FactList';
import { Icon } from '../components/widgets/Icon';
import { Link } from '../components/widgets/Link';
import { lazy } from '../components/widgets/lazy';
import { ValueText } from '../components/widgets/ValueText';
import { formatCount, formatDate } from '../math/numbers';
import { isTable } from '../state/media/artifactTables';
import { runHref } from '../state/route';
import { attempt } from '../state/toasts';
import type { Workspace } from '../state/workspace/workspace';
import { formatBytes, inFolder } from './Files';
import './files.css';

const ArtifactTable = lazy(() =>
  import('../components/media/ArtifactTable').then((m) => m.ArtifactTable),
);

interface Lists {
  logged: Artifact[];
  used: Artifact[];
}

function useArtifacts(run: Run, workspace: Workspace): Lists | null {
  const [lists, setLists] = useState<Lists | null>(null);
  useEffect(() => {
    const load = () =>
      attempt('The artifacts could not be listed', async () => {
        setLists(await runArtifacts(run.uid));
      });
    void load();
    return workspace.store.onRefresh((dirty) => {
      if (dirty.all || dirty.runs.has(run.uid)) void load();
    });
  }, [run.uid]);
  return lists;
}

const titleOf = ({ collection, version }: Artifact): string => `${collection}:v${version}`;

export function Artifacts({ run, workspace }: { run: Run; workspace: Workspace }) {
  const lists = useArtifacts(run, workspace);
  const [chosen, setChosen] = useState<Artifact | null>(null);
  if (lists === null) return null;
  const all = [...lists.logged, ...lists.used];
  if (all.length === 0) {
    return (
      <p class="nothing">
        The run has logged and used no artifacts. <code>run.log_artifact(path, name="model")</code>{' '}
        keeps a version of files.
      </p>
    );
  }
  const shown = all.find(({ id }) => id === chosen?.id) ?? chosen ?? firstOf(all);
  return (
    <div class="artifacts">
      <nav class="artifactlist" aria-label="Artifacts">
        <ArtifactList title="Logged" items={lists.logged} shown={shown} onChoose={setChosen} />
        <ArtifactList title="Used" items={lists.used} shown={shown} onChoose={setChosen} />
      </nav>
      <ArtifactDetail key={shown.id} artifact={shown} onChoose={setChosen} />
    </div>
  );
}

/** Tables are logged as artifacts too; what was logged on purpose is looked at first. */
const firstOf = (all: Artifact[]): Artifact =>
  all.find(({ type }) => type !== 'run_table') ?? all[0];

interface ListProps {
  title: string;
  items: Artifact[];
  shown: Artifact;
  onChoose(artifact: Artifact): void;
}

function ArtifactList({ title, items, shown, onChoose }: ListProps) {
  if (items.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2>
        {title} <span>{items.length}</span>
      </h2>
      {items.map((item) => (
        <button
          type="button"
          key={item.id}
          aria-pressed={item.id === shown.id}
          onClick={() => onChoose(item)}
        >
          <span class="ell">{titleOf(item)}</span>
          <span class="row">
            {item.aliases.map((alias) => (
              <span class="tag" key={alias}>
                {alias}
              </span>
            ))}
          </span>
          <span class="t12 dim">
            {item.type} · {formatBytes(item.size_bytes)}
          </span>
        </button>
      ))}
    </section>
  );
}

interface DetailProps {
  artifact: Artifact;
  onChoose(artifact: Artifact): void;
}

export function ArtifactDetail({ artifact, onChoose }: DetailProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
    <section class="artifact" tabIndex={0} aria-label={titleOf(artifact)}>
      <h2>{titleOf(artifact)}</h2>
      <p>
        {artifact.aliases.concat(artifact.tags).map((name) => (
          <span class="tag" key={name}>
            {name}
          </span>
        ))}
      </p>
      {artifact.description && <p class="mid">{artifact.description}</p>}
      <Facts artifact={artifact} />
      <Lineage artifact={artifact} />
      <Metadata artifact={artifact} />
      <Entries artifact={artifact} />
      <Versions artifact={artifact} onChoose={onChoose} />
    </section>
  );
}

function Facts({ artifact }: { artifact: Artifact }) {
  const facts: [string, string][] = [
    ['Type', artifact.type],
    ['Size', formatBytes(artifact.size_bytes)],
    ['Files', formatCount(artifact.file_count)],
    ['Created', formatDate(artifact.created_us)],
    ['Digest', artifact.digest.slice(0, 12)],
  ];
  return <FactList facts={facts} />;
}

function Metadata({ artifact }: { artifact: Artifact }) {
  const entries = Object.entries(artifact.metadata);
  if (entries.length === 0) return null;
  return (
    <>
      <h3>Metadata</h3>
      <div class="tree">
        {entries.map(([name, value]) => (
          <dl class="leaf" key={name}>
            <dt class="mid">{name}</dt>
            <dd>
              <ValueText value={value} />
            </dd>
          </dl>
        ))}
      </div>
    </>
  );
}

/** The run that logged it, the version, the runs that used it. */
function Lineage({ artifact }: { artifact: Artifact }) {
  const [runs, setRuns] = useState<{ logged_by: RunName | null; used_by: RunName[] } | null>(null);
  useEffect(() => {
    void attempt('The lineage could not be read', async () => {
      setRuns(await artifactRuns(artifact.id));
    });
  }, [artifact.id]);
  return (
    <>
      <h3>Lineage</h3>
      <div class="lineage">
        <Runs
          label="Logged by"
          nobody="No run logged it"
          runs={runs ? (runs.logged_by ? [runs.logged_by] : []) : undefined}
        />
        <Icon name="right" />
        <div class="node">
          <span>Version</span>
          {titleOf(artifact)}
        </div>
        <Icon name="right" />
        <Runs label="Used by" nobody="Not used by any run yet" runs={runs?.used_by} />
      </div>
    </>
  );
}

interface RunsProps {
  label: string;
  /** Said where there is no run. */
  nobody: string;
  runs: RunName[] | undefined;
}

/** Keeps its place until they are known. */
function Runs({ label, nobody, runs }: RunsProps) {
  return (
    <div class="node">
      <span>{label}</span>
      {runs?.map((run) => (
        <Link
          key={run.uid}
          class="ell"
          href={runHref(run.entity, run.project, run.run_id, 'artifacts')}
        >
          {run.name}
        </Link>
      ))}
      {runs === undefined ? '…' : runs.length === 0 && nobody}
    </div>
  );
}

function Versions({ artifact, onChoose }: DetailProps) {
  const [versions, setVersions] = useState<Artifact[]>([]);
  const { entity, project, collection } = artifact;
  useEffect(() => {
    void attempt('The versions could not be listed', async () => {
      setVersions((await artifactVersions(entity, project, collection)).versions);
    });
  }, [artifact.id]);
  if (versions.length < 2) return null;
  return (
    <>
      <h3>Versions</h3>
      <table class="table">
        <thead>
          <tr>
            <th>Version</th>
            <th>Aliases</th>
            <th class="r-num">Size</th>
            <th>Created</th>
            <th>Run</th>
          </tr>
        </thead>
        <tbody>
          {versions.map((version) => (
            <tr key={version.id}>
              <td>
                <button type="button" class="link" onClick={() => onChoose(version)}>
                  v{version.version}
                </button>
              </td>
              <td>{version.aliases.join(', ')}</td>
              <td class="r-num">{formatBytes(version.size_bytes)}</td>
              <td class="mid">{formatDate(version.created_us)}</td>
              <td class="mid">{version.run?.name ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function useEntries(artifact: Artifact): [entries: ArtifactEntry[], more: (() => void) | null] {
  const [entries, setEntries] = useState<ArtifactEntry[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const load = (after: string) =>
    void attempt('The files could not be listed', async () => {
      const page = await artifactEntries(artifact.id, after);
      setEntries((known) => (after ? [...known, ...page.entries] : page.entries));
      setNext(page.next);
    });
  useEffect(() => load(''), [artifact.id]);
  return [entries, next === null ? null : () => load(next)];
}

function Entries({ artifact }: { artifact: Artifact }) {
  const [entries, more] = useEntries(artifact);
  const [folder, setFolder] = useState('');
  const [table, setTable] = useState<string | null>(null);
  const { folders, files } = inFolder(entries, ({ path }) => path, folder);
  const up = folder.split('/').slice(0, -2).join('/');
  return (
    <>
      <h3>Files{folder && ` in ${folder}`}</h3>
      <table class="table filetable" aria-label="Files of the artifact">
        <tbody>
          {folder && <Opener name=".." onOpen={() => setFolder(up && `${up}/`)} />}
          {folders.map(({ name }) => (
            <Opener key={name} name={name} onOpen={() => setFolder(`${folder}${name}/`)} />
          ))}
          {files.map((entry) => (
            <Entry
              key={entry.path}
              entry={entry}
              name={entry.path.slice(folder.length)}
              open={entry.path === table}
              onOpen={(open) => setTable(open ? entry.path : null)}
            />
          ))}
        </tbody>
      </table>
      {more && (
        <button type="button" class="btn" onClick={more}>
          More files
        </button>
      )}
      {table !== null && (
        <section class="opened" aria-label={`Table ${table}`}>
          <h3>{table}</h3>
          <ArtifactTable key={table} artifact={artifact} path={table} />
        </section>
      )}
    </>
  );
}

function Opener({ name, onOpen }: { name: string; onOpen(): void }) {
  return (
    <tr>
      <td>
        <button type="button" class="folder" onClick={onOpen}>
          <Icon name="right" />
          <b>{name}</b>
        </button>
      </td>
      <td />
      <td />
    </tr>
  );
}

interface EntryProps {
  entry: ArtifactEntry;
  name: string;
  /** Whether it is a table that is shown below. */
  open: boolean;
  onOpen(open: boolean): void;
}

function Entry({ entry, name, open, onOpen }: EntryProps) {
  return (
    <tr>
      <td class="mono">{name}</td>
      <td class="r-num">{formatBytes(entry.size_bytes)}</td>
      <td>
        {isTable(entry) && (
          <IconButton
            icon="table"
            label={`Show ${entry.path} as a table`}
            pressed={open}
            onClick={() => onOpen(!open)}
          />
        )}
        {entry.sha256 ? (
          <a
            class="icon"
            href={`/api/blobs/${entry.sha256}`}
            download={name}
            aria-label={`Download ${entry.path}`}
          >
            <Icon name="download" />
          </a>
        ) : (
          <span class="mid" title={entry.reference}>
            {entry.reference}
          </span>
        )}
      </td>
    </tr>
  );
}
