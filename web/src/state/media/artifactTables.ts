/** Tables in artifacts, with those they are joined or put together from. */

import { type ArtifactEntry, artifactByClientId, entriesBelow } from '../../api/artifacts';
import { get } from '../../api/client';
import type { MediaItem } from '../../math/media';
import { concatenated, joined, type LoggedTable } from '../../math/table';
import type { Json } from '../../model/json';

type Stored =
  | ({ _type: 'table' } & LoggedTable)
  | { _type: 'joined-table'; table1: string; table2: string; join_key: string | string[] }
  | { _type: 'partitioned-table'; parts_path: string };

const TABLE = /\.(joined-|partitioned-)?table\.json$/;
/** By the server's number of the artifact, or by the id that its client gave it before it had one. */
const REFERENCE = /^wandb-(?:artifact:\/\/([0-9a-f]+)|client-artifact:\/\/([^/:]+))\/(.+)$/i;

export const isTable = ({ path, sha256, reference }: ArtifactEntry): boolean =>
  TABLE.test(path) && (sha256 !== '' || REFERENCE.test(reference));

/** Reads the table at a path of an artifact. Throws with a sentence for what is none. */
export async function readArtifactTable(id: number, path: string): Promise<LoggedTable> {
  const entry = (await entriesBelow(id, path)).find((one) => one.path === path);
  if (!entry) throw new Error(`The artifact has no file "${path}".`);
  return readEntry(id, entry);
}

/** Reads the table that a reference leads to. Throws with a sentence where there is none. */
export async function readReferredTable(reference: string): Promise<LoggedTable> {
  const [, number, clientId, path] = REFERENCE.exec(reference) ?? [];
  if (!path) throw new Error(`"${reference}" is no table in an artifact of this server.`);
  const id = number ? idOf(number) : (await artifactByClientId(clientId)).id;
  return readArtifactTable(id, path);
}

/** What the official client writes for media into the file of a run; the artifact has them. */
const CLASS_NAME =
  /^(Image|Audio|Video|Html|Object3D|Molecule|Plotly|Bokeh|Table|JoinedTable|PartitionedTable|Histogram|Graph)$/;

/**
 * A logged table whole: the official client puts 10,000 rows without media into the run's file and
 * everything into an artifact. Where that can't be read, what is there and what is missing.
 */
export async function wholeTable(
  { reference, rows }: MediaItem,
  stored: LoggedTable,
): Promise<LoggedTable> {
  const total = Math.max(rows ?? 0, stored.data.length);
  const lacks = total > stored.data.length || stored.data.some((row) => row.some(isClassName));
  if (!lacks || !REFERENCE.test(reference)) return { ...stored, total };
  try {
    const whole = await readReferredTable(reference);
    return { ...whole, total };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { ...stored, total, lack: `The rest is in an artifact: ${error.message}` };
  }
}

const isClassName = (cell: Json): boolean => typeof cell === 'string' && CLASS_NAME.test(cell);

async function readEntry(id: number, entry: ArtifactEntry): Promise<LoggedTable> {
  if (!entry.sha256) return readReferredTable(entry.reference);
  const stored = await get<Stored>(`/api/blobs/${entry.sha256}`);
  if (stored._type === 'joined-table') {
    const sides = [stored.table1, stored.table2].map((path) => readArtifactTable(id, path));
    const [first, second] = await Promise.all(sides);
    return joined(first, second, [stored.join_key].flat());
  }
  if (stored._type !== 'partitioned-table') return stored;
  const parts = await entriesBelow(id, `${stored.parts_path.replace(/\/+$/, '')}/`);
  return concatenated(await Promise.all(parts.filter(isTable).map((part) => readEntry(id, part))));
}

/** The number of an artifact in a reference: hexadecimal of "Artifact:<number>". */
function idOf(hexadecimal: string): number {
  const codes = hexadecimal.match(/../g) ?? [];
  const text = String.fromCharCode(...codes.map((code) => Number.parseInt(code, 16)));
  return Number(text.split(':')[1]);
}
