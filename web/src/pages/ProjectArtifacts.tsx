/** All artifacts of a project: collections by type, and the versions of the chosen one. */

import { useEffect, useState } from 'preact/hooks';
import {
  type Artifact,
  artifactVersions,
  type Collection,
  projectArtifacts,
} from '../api/artifacts';
import { counted, formatDate } from '../math/numbers';
import { attempt } from '../state/toasts';
import type { Workspace } from '../state/workspace/workspace';
import { ArtifactDetail } from './Artifacts';
import { ProjectPage, useWorkspace } from './ProjectPage';
import './files.css';

export function ProjectArtifacts({ entity, project }: { entity: string; project: string }) {
  const workspace = useWorkspace(entity, project);
  return (
    <ProjectPage workspace={workspace} tab="artifacts">
      <main class="main whole">
        <Content workspace={workspace} />
      </main>
    </ProjectPage>
  );
}

function useCollections(workspace: Workspace): Collection[] | null {
  const [found, setFound] = useState<Collection[] | null>(null);
  const { entity, project } = workspace.store;
  useEffect(() => {
    const load = () =>
      attempt('The artifacts could not be listed', async () => {
        setFound((await projectArtifacts(entity, project)).collections);
      });
    void load();
    return workspace.store.onRefresh(() => void load());
  }, [workspace]);
  return found;
}

function Content({ workspace }: { workspace: Workspace }) {
  const collections = useCollections(workspace);
  const [chosen, setChosen] = useState<string | null>(null);
  if (collections === null) return null;
  if (collections.length === 0) {
    return (
      <p class="nothing">
        No artifacts in this project yet. <code>run.log_artifact(path, name="model")</code> keeps a
        version of files.
      </p>
    );
  }
  const shown = collections.find(({ name }) => name === chosen) ?? firstOf(collections);
  const types = [...new Set(collections.map(({ type }) => type))].sort(tablesLast);
  return (
    <div class="artifacts">
      <nav class="artifactlist" aria-label="Artifacts">
        {types.map((type) => (
          <OfType
            key={type}
            type={type}
            collections={collections.filter((one) => one.type === type)}
            shown={shown}
            onChoose={({ name }) => setChosen(name)}
          />
        ))}
      </nav>
      <Newest key={shown.name} workspace={workspace} collection={shown} />
    </div>
  );
}

/** Tables are logged as artifacts too; what was logged on purpose comes first. */
const TABLES = 'run_table';
const tablesLast = (a: string, b: string): number =>
  Number(a === TABLES) - Number(b === TABLES) || a.localeCompare(b);

const firstOf = (all: Collection[]): Collection =>
  [...all].sort((a, b) => tablesLast(a.type, b.type) || a.name.localeCompare(b.name))[0];

interface OfTypeProps {
  type: string;
  collections: Collection[];
  shown: Collection;
  onChoose(collection: Collection): void;
}

function OfType({ type, collections, shown, onChoose }: OfTypeProps) {
  return (
    <section aria-label={type}>
      <h2>
        {type} <span>{collections.length}</span>
      </h2>
      {collections.map((one) => (
        <button
          type="button"
          key={one.name}
          aria-pressed={one.name === shown.name}
          onClick={() => onChoose(one)}
        >
          <span class="ell" title={one.name}>
            {one.name}
          </span>
          <span class="t12 dim">
            {counted(one.versions, 'version')} · {formatDate(one.updated_us)}
          </span>
        </button>
      ))}
    </section>
  );
}

/** Its newest version, or the one that is chosen in the list of all. */
function Newest({ workspace, collection }: { workspace: Workspace; collection: Collection }) {
  const [artifact, setArtifact] = useState<Artifact | null>(null);
  const { entity, project } = workspace.store;
  useEffect(() => {
    void attempt('The versions could not be listed', async () => {
      const { versions } = await artifactVersions(entity, project, collection.name);
      setArtifact(versions[0] ?? null);
    });
  }, [collection.versions]);
  if (!artifact) return <section class="artifact" aria-busy="true" />;
  return <ArtifactDetail key={artifact.id} artifact={artifact} onChoose={setArtifact} />;
}
