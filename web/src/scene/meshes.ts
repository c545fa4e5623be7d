/** What all models are made of, whichever file they came from. */

import {
  type BufferGeometry,
  DoubleSide,
  type Material,
  Mesh,
  MeshStandardMaterial,
  type Object3D,
} from 'three';
import { hexOf } from './frame';

export function meshesOf(object: Object3D): Mesh[] {
  const found: Mesh[] = [];
  object.traverse((one) => {
    if (one instanceof Mesh) found.push(one);
  });
  return found;
}

export const materialsOf = (object: Object3D): Material[] =>
  meshesOf(object).flatMap(({ material }) => material);

/** Clay, or the colours of the vertices where they have some. */
export function clay(geometry: BufferGeometry): MeshStandardMaterial {
  const vertexColors = geometry.hasAttribute('color');
  const color = vertexColors ? 0xffffff : hexOf('--ref');
  return new MeshStandardMaterial({ color, vertexColors, roughness: 0.8, side: DoubleSide });
}

export function triangleCount(object: Object3D): number {
  const counts = meshesOf(object).map(({ geometry }) => {
    return (geometry.index ?? geometry.getAttribute('position')).count / 3;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
