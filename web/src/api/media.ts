/** Media: the steps at which a key was logged, and the bytes behind its values. */

import { mimeOf } from '../math/media';
import type { Json } from '../model/json';
import { fileHref, get, getBytes, listFiles } from './client';

export interface MediaRow {
  step: number;
  value: Json;
}

const PAGE = 500;

/** All rows of a key from a step on, one per step. */
export async function mediaRows(
  uid: number,
  key: string,
  from: number | null,
): Promise<MediaRow[]> {
  const rows: MediaRow[] = [];
  for (let next = from, more = true; more; ) {
    const start = next === null ? '' : `&min_step=${next}`;
    const path = `/api/runs/${uid}/history?keys=${encodeURIComponent(key)}&limit=${PAGE}${start}`;
    const page = await get<{ rows: Record<string, Json>[]; next_step: number | null }>(path);
    rows.push(...page.rows.map((row) => ({ step: row._step as number, value: row[key] })));
    next = page.next_step;
    more = next !== null;
  }
  return rows;
}

const hashes = new Map<number, Promise<Map<string, string>>>();

async function readHashes(uid: number): Promise<Map<string, string>> {
  return new Map((await listFiles(uid)).map(({ name, sha256 }) => [name, sha256]));
}

/** The hash of a file that a value only names; the list of files is read again for a new one. */
async function hashOf(uid: number, path: string): Promise<string | null> {
  const known = await hashes.get(uid);
  if (known?.has(path)) return known.get(path)!;
  const fresh = readHashes(uid);
  hashes.set(uid, fresh);
  return (await fresh).get(path) ?? null;
}

/** Address of the bytes of a logged file, as a type that can be shown if it has one. */
export async function mediaHref(uid: number, path: string, sha256: string | null): Promise<string> {
  const hash = sha256 ?? (await hashOf(uid, path));
  if (hash === null) return fileHref(uid, path);
  const type = mimeOf(path);
  return `/api/blobs/${hash}${type ? `?type=${encodeURIComponent(type)}` : ''}`;
}

/** A logged JSON file. */
export async function mediaJson<T>(uid: number, path: string, sha256: string | null): Promise<T> {
  return get<T>(await mediaHref(uid, path, sha256));
}

export async function mediaBytes(
  uid: number,
  path: string,
  sha256: string | null,
): Promise<ArrayBuffer> {
  return (await getBytes(await mediaHref(uid, path, sha256))).arrayBuffer();
}
