/** The one place that talks to the server by request and answer. */

import { decode } from '@msgpack/msgpack';
import { parseJson } from '../math/jsonNumber';
import type { Json, JsonObject } from '../model/json';
import { type PackedColumns, unpackColumns } from './columns';
import { type KeyList, keyNames, keysOf, namesOf } from './keyList';
import type {
  Catalogue,
  ConsoleLine,
  Health,
  HistogramAnswer,
  HistogramRequest,
  Project,
  ProjectAlert,
  Run,
  RunDetail,
  RunFile,
  SavedView,
  SeriesRequest,
  SeriesResponse,
  Sweep,
  TensorRequest,
  TensorResponse,
} from './types';

/** The server refused, or was not reached (`status` 0); `message` says what to do. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: JsonObject = {},
  ) {
    super(message);
  }
}

async function failure(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  try {
    const { code, message, details } = JSON.parse(text).error;
    return new ApiError(answer.status, code, message, details);
  } catch {
    return new ApiError(answer.status, 'unknown', `The server answered ${answer.status}.`);
  }
}

async function send(path: string, init?: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'unreachable', 'The server did not answer.');
  }
  if (!answer.ok) throw await failure(answer);
  return answer;
}

/** A JSON answer. */
export async function get<T>(path: string): Promise<T> {
  const answer = await send(path, { headers: { Accept: 'application/json' } });
  return parseJson(await answer.text()) as T;
}

/** The bytes behind an address of this server. */
export async function getBytes(path: string): Promise<Blob> {
  return (await send(path)).blob();
}

async function write<T>(method: string, path: string, body: unknown): Promise<T> {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
  const answer = await send(path, { method, headers, body: JSON.stringify(body) });
  return parseJson(await answer.text()) as T;
}

async function query<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const answer = await send(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/msgpack' },
    body: JSON.stringify(body),
    signal,
  });
  const parsed = decode(new Uint8Array(await answer.arrayBuffer())) as {
    series?: { columns: PackedColumns; older?: { columns: PackedColumns } | null }[];
    tensors?: { columns: PackedColumns }[];
  };
  for (const table of parsed.series ?? parsed.tensors ?? []) {
    Object.assign(table, { columns: unpackColumns(table.columns) });
  }
  for (const { older } of parsed.series ?? []) {
    if (older) Object.assign(older, { columns: unpackColumns(older.columns) });
  }
  return parsed as T;
}

const part = encodeURIComponent;

/** Entity and name. */
export type ProjectName = readonly [entity: string, project: string];

interface KeyAnswer {
  keys: KeyList;
  metrics: Catalogue['metrics'];
}

const projectPath = (entity: string, project: string): string =>
  `/api/projects/${part(entity)}/${part(project)}`;

export interface ProjectPage {
  projects: Project[];
  /** How many there are that match, on this page or not. */
  total: number;
  /** False: some sparklines are not drawn yet. */
  complete: boolean;
}

export function listProjects(search = '', limit = 100_000): Promise<ProjectPage> {
  return get(`/api/projects?search=${part(search)}&limit=${limit}`);
}

/** Only what is in it changes; a description that is no longer what it `was` is refused. */
export interface ProjectChange {
  name?: string;
  description?: string;
  was?: string;
}

export const patchProject = ([entity, project]: ProjectName, change: ProjectChange) =>
  write<Project>('PATCH', projectPath(entity, project), change);

export interface RunPage {
  /** "entity/name": that of now, whatever it was asked by. */
  project: string;
  runs: Run[];
  total: number;
  version: number;
  /** Numbers of the runs that were deleted or moved away after version `since`. */
  gone: number[];
}

/** A page of the runs that have changed after version `since` of the store; 0: of all. */
export function listRuns(
  entity: string,
  project: string,
  { offset, limit, since }: { offset: number; limit: number; since: number },
) {
  const page = `sort=created&order=desc&limit=${limit}&offset=${offset}&since=${since}`;
  return get<RunPage>(`${projectPath(entity, project)}/runs?${page}`);
}

export function getRun(entity: string, project: string, runId: string): Promise<RunDetail> {
  return get(`/api/runs/${part(entity)}/${part(project)}/${part(runId)}`);
}

/** The keys of a project's runs; names that are known from the last answer are not sent again. */
export async function getCatalogue(
  entity: string,
  project: string,
  uids?: number[],
): Promise<Catalogue> {
  const runs = uids ? `&runs=${uids.join(',')}` : '';
  const address = `${projectPath(entity, project)}/keys?form=short${runs}`;
  const known = keyNames.get(address);
  const answer = await get<KeyAnswer>(known ? `${address}&known=${known.tag}` : address);
  const names = namesOf(answer.keys, known);
  keyNames.set(address, names);
  return { keys: keysOf(answer.keys, names), metrics: answer.metrics };
}

/** Values of metrics over all steps: by field (`min.val/loss`) and number of the run. */
export async function getMetricValues(
  entity: string,
  project: string,
  fields: string[],
  uids?: number[],
) {
  const asked = fields.map((field) => `field=${part(field)}`).join('&');
  const runs = uids ? `&runs=${uids.join(',')}` : '';
  const path = `${projectPath(entity, project)}/metrics?${asked}${runs}`;
  return (await get<{ values: Record<string, Record<string, Json>> }>(path)).values;
}

export async function listAlerts(entity: string, project: string): Promise<ProjectAlert[]> {
  const { alerts } = await get<{ alerts: ProjectAlert[] }>(
    `${projectPath(entity, project)}/alerts`,
  );
  return alerts;
}

export async function listSweeps(entity: string, project: string): Promise<Sweep[]> {
  return (await get<{ sweeps: Sweep[] }>(`${projectPath(entity, project)}/sweeps`)).sweeps;
}

export function querySeries(request: SeriesRequest, signal?: AbortSignal) {
  return query<SeriesResponse>('/api/query/series', request, signal);
}

export async function queryHistograms(request: HistogramRequest, signal?: AbortSignal) {
  const path = '/api/query/histograms';
  return (await query<{ series: HistogramAnswer[] }>(path, request, signal)).series;
}

export function queryTensors(request: TensorRequest, signal?: AbortSignal) {
  return query<TensorResponse>('/api/query/tensors', request, signal);
}

export function consoleLines(uid: number, after: number, limit: number) {
  const path = `/api/runs/${uid}/console?after=${after}&limit=${limit}`;
  return get<{ lines: ConsoleLine[]; total: number }>(path);
}

export async function listFiles(uid: number): Promise<RunFile[]> {
  return (await get<{ files: RunFile[] }>(`/api/runs/${uid}/files`)).files;
}

export const fileHref = (uid: number, name: string): string =>
  `/api/runs/${uid}/files/${name.split('/').map(part).join('/')}`;

/** Only what is in `change` changes; a field that is no longer what it `was` is refused. */
export interface RunChange {
  name?: string;
  notes?: string;
  color?: string;
  stop_requested?: boolean;
  add_tags?: string[];
  remove_tags?: string[];
  was?: { name?: string; notes?: string };
}

export const patchRun = (uid: number, change: RunChange) =>
  write<RunDetail>('PATCH', `/api/runs/${uid}`, change);

const viewsPath = (entity: string, project: string): string =>
  `${projectPath(entity, project)}/views`;

export const listViews = (entity: string, project: string) =>
  get<{ views: SavedView[]; first: string | null }>(viewsPath(entity, project));

/** Saves one view; `revision` is that of the one it replaces, null if there is to be none. */
export function putView(
  [entity, project]: ProjectName,
  { name, params }: { name: string; params: Record<string, string> },
  revision: string | null,
) {
  const path = `${viewsPath(entity, project)}?name=${part(name)}`;
  return write<SavedView>('PUT', path, { params, revision });
}

export function removeView([entity, project]: ProjectName, { name, revision }: SavedView) {
  const query = `?name=${part(name)}&revision=${part(revision)}`;
  return write<object>('DELETE', viewsPath(entity, project) + query, undefined);
}

export const chooseFirstView = ([entity, project]: ProjectName, first: string | null) =>
  write<object>('PATCH', viewsPath(entity, project), { first });

export const deleteRun = (uid: number) => write<object>('DELETE', `/api/runs/${uid}`, undefined);

export const restoreRun = (uid: number) =>
  write<RunDetail>('POST', `/api/runs/${uid}/restore`, undefined);

/** The server takes as many runs in one request. */
const MOST_AT_ONCE = 1000;

async function inParts(uids: number[], send: (runs: number[]) => Promise<unknown>): Promise<void> {
  for (let first = 0; first < uids.length; first += MOST_AT_ONCE) {
    await send(uids.slice(first, first + MOST_AT_ONCE));
  }
}

export interface RunsChange {
  add_tags?: string[];
  remove_tags?: string[];
  group?: string;
  color?: string;
}

export const patchRuns = (uids: number[], change: RunsChange) =>
  inParts(uids, (runs) => write('PATCH', '/api/runs', { runs, ...change }));

export const deleteRuns = (uids: number[]) =>
  inParts(uids, (runs) => write('POST', '/api/runs/delete', { runs }));

export const restoreRuns = (uids: number[]) =>
  inParts(uids, (runs) => write('POST', '/api/runs/restore', { runs }));

export const moveRuns = (runs: number[], project: string) =>
  write<object>('POST', '/api/runs/move', { runs, project });

/** Keeps a state of the view that is too long for a link. */
export async function storeView(state: Record<string, string>): Promise<string> {
  const answer = await send('/api/views', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ state }),
  });
  return (await answer.json()).hash;
}

export async function readView(hash: string): Promise<Record<string, string>> {
  return (await get<{ state: Record<string, string> }>(`/api/views/${part(hash)}`)).state;
}

export const getHealth = (): Promise<Health> => get('/api/health');
