/** Artifacts of a run: what it logged and used, their files and who else has to do with them. */

import type { JsonObject } from '../model/json';
import { get } from './client';

export interface RunName {
  uid: number;
  entity: string;
  project: string;
  run_id: string;
  name: string;
}

export interface Artifact {
  id: number;
  entity: string;
  project: string;
  collection: string;
  type: string;
  version: number;
  aliases: string[];
  state: 'PENDING' | 'COMMITTED';
  digest: string;
  description: string;
  metadata: JsonObject;
  tags: string[];
  size_bytes: number;
  file_count: number;
  history_step: number | null;
  created_us: number;
  run: RunName | null;
}

export interface ArtifactEntry {
  path: string;
  digest: string;
  /** Empty where the content lies elsewhere: then `reference` says where. */
  sha256: string;
  reference: string;
  size_bytes: number;
}

/** A named list of versions. */
export interface Collection {
  name: string;
  type: string;
  description: string;
  tags: string[];
  versions: number;
  created_us: number;
  updated_us: number;
}

const ofProject = (entity: string, project: string): string =>
  `/api/projects/${[entity, project].map(encodeURIComponent).join('/')}/artifacts`;

export const projectArtifacts = (entity: string, project: string) =>
  get<{ types: string[]; collections: Collection[] }>(ofProject(entity, project));

export const runArtifacts = (uid: number) =>
  get<{ logged: Artifact[]; used: Artifact[] }>(`/api/runs/${uid}/artifacts`);

/** The artifact that a client has announced under an id of its own. */
export const artifactByClientId = (clientId: string) =>
  get<Artifact>(`/api/artifacts/by_client_id/${encodeURIComponent(clientId)}`);

export const artifactVersions = (entity: string, project: string, collection: string) =>
  get<{ versions: Artifact[] }>(`${ofProject(entity, project)}/${encodeURIComponent(collection)}`);

export const artifactEntries = (id: number, after: string) =>
  get<{ entries: ArtifactEntry[]; next: string | null }>(
    `/api/artifacts/${id}/entries?after=${encodeURIComponent(after)}`,
  );

export const artifactRuns = (id: number) =>
  get<{ logged_by: RunName | null; used_by: RunName[] }>(`/api/artifacts/${id}/runs`);

/** The entries whose paths begin so. */
export async function entriesBelow(id: number, prefix: string): Promise<ArtifactEntry[]> {
  const found: ArtifactEntry[] = [];
  // Entries come in order of their paths, from the one after a text on.
  for (let after: string | null = prefix.slice(0, -1); after !== null; ) {
    const page: { entries: ArtifactEntry[]; next: string | null } = await artifactEntries(
      id,
      after,
    );
    const here = page.entries.filter(({ path }) => path.startsWith(prefix));
    found.push(...here);
    const last = page.entries.at(-1);
    after = last && (last.path < prefix || last === here.at(-1)) ? page.next : null;
  }
  return found;
}
