/** Point clouds with boxes and vectors. */

import {
  BufferGeometry,
  CanvasTexture,
  Color,
  Float32BufferAttribute,
  Group,
  type LineSegments,
  Points,
  PointsMaterial,
  SRGBColorSpace,
  Vector3,
} from 'three';
import { rgbOf } from '../charts/theme';
import { runColor } from '../math/color';
import { formatCount } from '../math/numbers';
import { type Cloud, type CloudVector, readCloud } from '../math/points';
import { boundsOf, boxOf, frameOf, hexOf, linesOf, rangesOf } from './frame';
import type { Content, Label } from './stage';

const DISC_PIXELS = 32;
/** Size of points in pixels, up to so many of them. */
const SIZES: [most: number, pixels: number][] = [
  [100, 9],
  [3000, 5],
  [30_000, 3],
  [Number.POSITIVE_INFINITY, 2],
];
const HEAD_SHARE = 0.12;

/** Points without a colour of their own get `color`. */
export function cloudContent(text: string, color: string): Content {
  const cloud = readCloud(text);
  const object = new Group();
  if (cloud.points.length > 0) object.add(pointsOf(cloud.points, color));
  for (const { corners, color } of cloud.boxes)
    object.add(boxOf(corners, color ? packed(color) : hexOf('--c1')));
  for (const vector of cloud.vectors) object.add(arrowOf(vector));
  const bounds = boundsOf(object);
  if (!bounds.isEmpty()) object.add(frameOf(bounds));
  const counts = {
    points: cloud.points.length,
    boxes: cloud.boxes.length,
    vectors: cloud.vectors.length,
    left: cloud.left,
  };
  const words = [...wordsOf(counts), ...(bounds.isEmpty() ? [] : [rangesOf(bounds)])].join(', ');
  return { object, up: 'z', labels: boxLabels(cloud), words, counts };
}

function wordsOf({ points, boxes, vectors, left }: Record<string, number>): string[] {
  return [
    `${formatCount(points)} point${points === 1 ? '' : 's'}`,
    ...(boxes ? [`${formatCount(boxes)} box${boxes === 1 ? '' : 'es'}`] : []),
    ...(vectors ? [`${formatCount(vectors)} vector${vectors === 1 ? '' : 's'}`] : []),
    ...(left ? [`${formatCount(left)} without finite places left out`] : []),
  ];
}

const packed = ([r, g, b]: number[]): number =>
  new Color().setRGB(r / 255, g / 255, b / 255, SRGBColorSpace).getHex();

function pointsOf(points: number[][], plain: string): Points {
  const geometry = new BufferGeometry();
  const places = points.flatMap((point) => point.slice(0, 3));
  geometry.setAttribute('position', new Float32BufferAttribute(places, 3));
  geometry.setAttribute('color', new Float32BufferAttribute(colorsOf(points, plain), 3));
  const pixels = SIZES.find(([most]) => points.length <= most)![1];
  const material = new PointsMaterial({
    size: pixels * (devicePixelRatio || 1),
    sizeAttenuation: false,
    vertexColors: true,
    map: disc(),
    alphaTest: 0.5,
  });
  return new Points(geometry, material);
}

/** Their own red, green, blue, or a colour of the palette for each category. */
function colorsOf(points: number[][], plain: string): number[] {
  const palette = new Map<number, number[]>();
  const categoryColor = (category: number): number[] => {
    const known = palette.get(category) ?? rgbOf(runColor(Math.max(0, category - 1)));
    palette.set(category, known);
    return known;
  };
  const ownColor = (point: number[]): number[] => {
    if (point.length >= 6) return point.slice(3, 6);
    return point.length === 4 ? categoryColor(point[3]) : rgbOf(plain);
  };
  const color = new Color();
  return points.flatMap((point) => {
    const [r, g, b] = ownColor(point);
    return color.setRGB(r / 255, g / 255, b / 255, SRGBColorSpace).toArray() as number[];
  });
}

/** Makes points round. */
function disc(): CanvasTexture {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = DISC_PIXELS;
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#ffffff';
  context.arc(DISC_PIXELS / 2, DISC_PIXELS / 2, DISC_PIXELS / 2, 0, 2 * Math.PI);
  context.fill();
  return new CanvasTexture(canvas);
}

/** A line with two barbs at its end. */
function arrowOf({ start, end, color }: CloudVector): LineSegments {
  const [from, to] = [new Vector3(...start.slice(0, 3)), new Vector3(...end.slice(0, 3))];
  const along = to.clone().sub(from);
  const across = new Vector3(-along.y, along.x, 0);
  if (across.lengthSq() === 0) across.set(along.z, 0, 0);
  across.setLength(along.length() * HEAD_SHARE * 0.5);
  const foot = to.clone().addScaledVector(along, -HEAD_SHARE);
  const barbs = [foot.clone().add(across), foot.clone().sub(across)];
  const places = [from, to, barbs[0], to, barbs[1], to].flatMap((place) => place.toArray());
  return linesOf(places, color ? packed(color) : hexOf('--c3'));
}

/** Names of boxes above their middle. */
function boxLabels({ boxes }: Cloud): Label[] {
  return boxes
    .filter(({ label }) => label)
    .map(({ corners, label }) => {
      const mean = (i: number) => corners.reduce((sum, corner) => sum + corner[i] / 8, 0);
      const top = Math.max(...corners.map((corner) => corner[2]));
      return { at: new Vector3(mean(0), mean(1), top), text: label };
    });
}
