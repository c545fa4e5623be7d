/**
 * glTF files under the page's policy, which lets nothing be fetched but from the server: buffers
 * within a `.gltf` are unpacked here, pictures load as pictures.
 */

import { type Group, LoadingManager, type MeshStandardMaterial, TextureLoader } from 'three';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { materialsOf } from './meshes';

interface Source {
  uri?: string;
}

interface Gltf {
  buffers?: (Source & { byteLength: number })[];
  images?: Source[];
  bufferViews?: { buffer: number; byteOffset?: number }[];
}

const GLB_MAGIC = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const BINARY_CHUNK = 0x004e4942;
const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;

export async function readGltf(bytes: ArrayBuffer): Promise<Group> {
  const isBinary = bytes.byteLength > 4 && new DataView(bytes).getUint32(0, true) === GLB_MAGIC;
  const content = JSON.parse(new TextDecoder().decode(isBinary ? jsonChunk(bytes) : bytes)) as Gltf;
  refuseOthers(content);
  const loader = new GLTFLoader();
  loader.register((parser) => {
    parser.textureLoader = new TextureLoader(new LoadingManager());
    return { name: 'pictures' };
  });
  const { scene } = await loader.parseAsync(isBinary ? bytes : packed(content), '');
  // Metal shows its surroundings, and here are none.
  for (const material of materialsOf(scene)) (material as MeshStandardMaterial).metalness = 0;
  return scene;
}

function jsonChunk(bytes: ArrayBuffer): Uint8Array {
  const length = new DataView(bytes).getUint32(HEADER_BYTES, true);
  return new Uint8Array(bytes, HEADER_BYTES + CHUNK_HEADER_BYTES, length);
}

function refuseOthers({ buffers = [], images = [] }: Gltf): void {
  const other = [...buffers, ...images].find(({ uri }) => uri && !uri.startsWith('data:'));
  if (other)
    throw new Error(`it refers to "${other.uri}", which was not logged with it; a .glb holds all`);
}

/** A `.gltf` with its buffers as one binary file. */
function packed(content: Gltf): ArrayBuffer {
  const starts: number[] = [];
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const { uri = '' } of content.buffers ?? []) {
    const part = decoded(uri);
    starts.push(length);
    parts.push(part);
    length += padded(part.length);
  }
  const binary = new Uint8Array(length);
  parts.forEach((part, i) => {
    binary.set(part, starts[i]);
  });
  const views = content.bufferViews?.map((view) => {
    return { ...view, buffer: 0, byteOffset: (view.byteOffset ?? 0) + starts[view.buffer] };
  });
  const buffers = length > 0 ? [{ byteLength: length }] : undefined;
  return glb(JSON.stringify({ ...content, buffers, bufferViews: views }), binary);
}

const padded = (length: number): number => Math.ceil(length / 4) * 4;

function decoded(uri: string): Uint8Array {
  const comma = uri.indexOf(',');
  if (!uri.slice(0, comma).endsWith(';base64')) throw new Error('a buffer of it is not base64');
  return Uint8Array.from(atob(uri.slice(comma + 1)), (letter) => letter.charCodeAt(0));
}

function glb(json: string, binary: Uint8Array): ArrayBuffer {
  const text = new TextEncoder().encode(json);
  const textLength = padded(text.length);
  const total = HEADER_BYTES + 2 * CHUNK_HEADER_BYTES + textLength + binary.length;
  const bytes = new Uint8Array(total).fill(0x20);
  const view = new DataView(bytes.buffer);
  const write = (at: number, words: number[]) =>
    words.forEach((word, i) => {
      view.setUint32(at + 4 * i, word, true);
    });
  write(0, [GLB_MAGIC, 2, total, textLength, JSON_CHUNK]);
  bytes.set(text, HEADER_BYTES + CHUNK_HEADER_BYTES);
  const start = HEADER_BYTES + CHUNK_HEADER_BYTES + textLength;
  write(start, [binary.length, BINARY_CHUNK]);
  bytes.set(binary, start + CHUNK_HEADER_BYTES);
  return bytes.buffer;
}
