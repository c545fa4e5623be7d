/** Tables in artifacts, with those they are joined or put together from. */

import { type ArtifactEntry, entriesBelow } from '../api/artifacts';
import { get } from '../api/client';
import { concatenated, joined, type LoggedTable } from '../math/table';

type Stored =
  | ({ _type: 'table' } & LoggedTable)
  | { _type: 'joined-table'; table1: string; table2: string; join_key: string | string[] }
  | { _type: 'partitioned-table'; parts_path: string };

const TABLE = /\.(joined-|partitioned-)?table\.json$/;
const REFERENCE = /^wandb-artifact:\/\/([0-9a-f]+)\/(.+)$/i;

export const isTable = ({ path, sha256, reference }: ArtifactEntry): boolean =>
  TABLE.test(path) && (sha256 !== '' || REFERENCE.test(reference));

/** Reads the table at a path of an artifact. Throws with a sentence for what is none. */
export async function readArtifactTable(id: number, path: string): Promise<LoggedTable> {
  const entry = (await entriesBelow(id, path)).find((one) => one.path === path);
  if (!entry) throw new Error(`The artifact has no file "${path}".`);
  return readEntry(id, entry);
}

async function readEntry(id: number, entry: ArtifactEntry): Promise<LoggedTable> {
  if (!entry.sha256) {
    const [, owner, path] = REFERENCE.exec(entry.reference) ?? [];
    if (!owner) throw new Error(`The content of "${entry.path}" lies outside of this server.`);
    return readArtifactTable(idOf(owner), path);
  }
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
