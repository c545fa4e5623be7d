/** Artifacts of a run: what it logged and used, their files and who else has to do with them. */

import { get } from './client';
import type { JsonObject } from './types';

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
  sha256: string | null;
  reference: string | null;
  size_bytes: number;
}

export const runArtifacts = (uid: number) =>
  get<{ logged: Artifact[]; used: Artifact[] }>(`/api/runs/${uid}/artifacts`);

export const artifactVersions = (entity: string, project: string, collection: string) =>
  get<{ versions: Artifact[] }>(
    `/api/projects/${[entity, project].map(encodeURIComponent).join('/')}/artifacts/${encodeURIComponent(collection)}`,
  );

export const artifactEntries = (id: number, after: string) =>
  get<{ entries: ArtifactEntry[]; next: string | null }>(
    `/api/artifacts/${id}/entries?after=${encodeURIComponent(after)}`,
  );

export const artifactRuns = (id: number) =>
  get<{ logged_by: RunName | null; used_by: RunName[] }>(`/api/artifacts/${id}/runs`);
