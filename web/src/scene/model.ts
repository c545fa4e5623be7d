/** Models from files. */

import { Mesh, type Object3D } from 'three';
import { OBJLoader } from 'three/examples/jsm/loaders/OBJLoader.js';
import { STLLoader } from 'three/examples/jsm/loaders/STLLoader.js';
import { formatCount } from '../math/numbers';
import { boundsOf, rangesOf } from './frame';
import { readGltf } from './gltf';
import { clay, meshesOf, triangleCount } from './meshes';
import type { Up } from './orbit';
import type { Content } from './stage';

const READERS: Record<string, (bytes: ArrayBuffer) => Object3D | Promise<Object3D>> = {
  obj: readObj,
  stl: readStl,
  gltf: readGltf,
  glb: readGltf,
};
/** Files to be printed lie on the ground of x and y; those to be shown stand on x and z. */
const UP: Record<string, Up> = { stl: 'z' };

export async function modelContent(path: string, bytes: ArrayBuffer): Promise<Content> {
  const suffix = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  const object = await READERS[suffix](bytes);
  const bounds = boundsOf(object);
  if (bounds.isEmpty()) throw new Error('there is nothing in it to draw');
  const triangles = triangleCount(object);
  const words = `${formatCount(triangles)} triangle${triangles === 1 ? '' : 's'}, ${rangesOf(bounds)}`;
  return { object, up: UP[suffix] ?? 'y', labels: [], words, counts: { triangles } };
}

function readObj(bytes: ArrayBuffer): Object3D {
  const object = new OBJLoader().parse(new TextDecoder().decode(bytes));
  for (const mesh of meshesOf(object)) mesh.material = clay(mesh.geometry);
  return object;
}

function readStl(bytes: ArrayBuffer): Object3D {
  const geometry = new STLLoader().parse(bytes);
  geometry.computeVertexNormals(); // many programs write zeros
  return new Mesh(geometry, clay(geometry));
}
