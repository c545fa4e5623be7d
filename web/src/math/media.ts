/** Logged media values as a flat list of things to show. */

import type { Json, JsonObject } from '../model/json';

export type MediaKind =
  | 'image'
  | 'audio'
  | 'video'
  | 'html'
  | 'plotly'
  | 'points'
  | 'model'
  | 'molecule'
  | 'graph'
  | 'table'
  | 'artifact'
  | 'file';

/** Boxes or a mask over an image; bytes are found like those of the item. */
export interface Layer {
  name: string;
  kind: 'boxes' | 'mask';
  sha256: string | null;
  path: string;
}

export interface MediaItem {
  kind: MediaKind;
  /** File of the run. */
  path: string;
  /** Where in an artifact it lies, as an address of W&B's; empty for files of the run. */
  reference: string;
  /** Null where the value names only the file: then the list of files knows it. */
  sha256: string | null;
  caption: string;
  width: number | null;
  height: number | null;
  layers: Layer[];
  /** Of a table: how many rows it was logged with; its file may hold fewer. */
  rows: number | null;
  /** Of a table that grows: its increments before this one, in order. */
  before: MediaItem[];
}

const KINDS: Record<string, MediaKind> = {
  'image-file': 'image',
  'audio-file': 'audio',
  'video-file': 'video',
  'html-file': 'html',
  'plotly-file': 'plotly',
  'object3D-file': 'points',
  'table-file': 'table',
  'incremental-table-file': 'table',
  'joined-table': 'artifact',
  'partitioned-table': 'artifact',
  'molecule-file': 'molecule',
  'graph-file': 'graph',
  'images/separated': 'image',
  audio: 'audio',
  videos: 'video',
  html: 'html',
  object3D: 'points',
  molecule: 'molecule',
};

/** Whether values with this `_type` can be shown or at least be downloaded. */
export const isMedia = (type: string | null): boolean => type !== null && type in KINDS;

/** Whether values with this `_type` are tables. */
export const isTable = (type: string | null): boolean =>
  type !== null && ['table', 'artifact'].includes(KINDS[type] ?? '');

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const number = (value: Json | undefined): number | null =>
  typeof value === 'number' ? value : null;

/** Where lists of a type keep their elements, if these are complete values. */
const MEMBERS: Record<string, string> = {
  audio: 'audio',
  videos: 'videos',
  html: 'html',
  object3D: 'objects',
};

/** The elements of one logged value: lists and W&B's batches come apart. */
function elements(value: Json): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(elements);
  if (!isObject(value)) return [];
  const type = text(value._type);
  const captions = list(value.captions);
  const members = list(value[MEMBERS[type] ?? '']);
  if (members.length > 0) return members.flatMap((one, i) => captioned(one, captions[i]));
  const { filenames } = value;
  if (!Array.isArray(filenames)) return [value];
  return filenames.map((path, i) => ({
    ...value,
    path,
    sha256: null,
    caption: captions[i] ?? '',
    masks: list(value.all_masks)[i] ?? null,
    boxes: list(value.all_boxes)[i] ?? null,
  }));
}

function captioned(one: Json, caption: Json | undefined): JsonObject[] {
  return isObject(one) ? [{ ...one, caption: one.caption ?? caption ?? '' }] : [];
}

function layersOf(value: Json | undefined, kind: Layer['kind']): Layer[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    isObject(one) ? [{ name, kind, sha256: text(one.sha256) || null, path: text(one.path) }] : [],
  );
}

/** What `scene/model.ts` and `scene/molecule.ts` read. */
const MODELS = /\.(obj|gltf|glb|stl)$/i;
const MOLECULES = /\.(pdb|pqr|sdf|sd|mol|mol2|xyz|gro|cif|mcif|mmcif)$/i;

/** Films without sound in a picture format are pictures; what nothing here can read is a file. */
function kindOf(type: string, path: string): MediaKind {
  const kind = KINDS[type] ?? 'file';
  if (kind === 'video' && path.endsWith('.gif')) return 'image';
  if (kind === 'points' && !path.endsWith('.pts.json')) return MODELS.test(path) ? 'model' : 'file';
  if (kind === 'molecule' && !MOLECULES.test(path)) return 'file';
  if (kind === 'image' && mimeOf(path) === null) return 'file';
  return kind;
}

export function mediaItems(value: Json): MediaItem[] {
  return elements(value)
    .filter(({ _type }) => isMedia(text(_type)))
    .map((one) => ({
      kind: kindOf(text(one._type), text(one.path)),
      path: text(one.path),
      reference: text(one.artifact_path),
      sha256: text(one.sha256) || null,
      caption: text(one.caption),
      width: number(one.width),
      height: number(one.height),
      layers: [...layersOf(one.masks, 'mask'), ...layersOf(one.boxes, 'boxes')],
      rows: number(one.nrows),
      before: [],
    }));
}

/** What the last value of a key shows: an increment of a table with those that it goes on from. */
export function lastItems(values: Json[]): MediaItem[] {
  const last = values.at(-1);
  const items = last === undefined ? [] : mediaItems(last);
  if (!isIncrement(last)) return items;
  const parts: MediaItem[] = [];
  const known = new Set([items[0]?.path]);
  for (let i = values.length - 1; i >= 0 && !startsTable(values[i + 1]); i--) {
    const [part] = isIncrement(values[i]) ? mediaItems(values[i]) : [];
    if (!part || known.has(part.path)) continue;
    known.add(part.path);
    parts.unshift(part);
  }
  return items.map((item) => ({ ...item, before: parts }));
}

const isIncrement = (value: Json | undefined): value is JsonObject =>
  isObject(value) && value.log_mode === 'INCREMENTAL';
const startsTable = (value: Json | undefined): boolean =>
  isIncrement(value) && value.increment_num === 0;

const MIME: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  bmp: 'image/bmp',
  webp: 'image/webp',
  avif: 'image/avif',
  svg: 'image/svg+xml',
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  mp4: 'video/mp4',
  webm: 'video/webm',
  html: 'text/html',
  json: 'application/json',
};

/** The type under which a file is asked for; null: only as a download. */
export function mimeOf(path: string): string | null {
  return MIME[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? null;
}
