/** The space that a scene takes, and lines in it. */

import {
  Box3,
  BufferGeometry,
  Float32BufferAttribute,
  LineBasicMaterial,
  LineSegments,
  type Object3D,
} from 'three';
import { rgbOf } from '../charts/theme';
import { formatValue } from '../math/numbers';
import { boxEdges } from '../math/points';

const AXES = ['x', 'y', 'z'] as const;

export const hexOf = (color: string): number => {
  const [r, g, b] = rgbOf(color);
  return (r << 16) | (g << 8) | b;
};

export function boundsOf(object: Object3D): Box3 {
  object.updateMatrixWorld(true);
  return new Box3().setFromObject(object);
}

/** The twelve edges of a box with these corners. */
export function boxOf(corners: number[][], color: number): LineSegments {
  return linesOf(
    boxEdges(corners).flatMap((i) => corners[i].slice(0, 3)),
    color,
  );
}

export function frameOf({ min, max }: Box3): LineSegments {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [
    i & 1 ? max.x : min.x,
    i & 2 ? max.y : min.y,
    i & 4 ? max.z : min.z,
  ]);
  const frame = boxOf(corners, hexOf('--line2'));
  frame.renderOrder = -1; // what lies on it is drawn over it
  return frame;
}

export function linesOf(places: number[], color: number): LineSegments {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new Float32BufferAttribute(places, 3));
  return new LineSegments(geometry, new LineBasicMaterial({ color }));
}

/** `x 0…1, y −2…2, z 0…5`. */
export const rangesOf = ({ min, max }: Box3): string =>
  AXES.map((axis) => `${axis} ${formatValue(min[axis])}…${formatValue(max[axis])}`).join(', ');
