/**
 * Shows a scene on a canvas. One WebGL context draws for all canvases of the page, as browsers
 * give a page only a few; each picture is copied to its canvas.
 */

import {
  Box3,
  DirectionalLight,
  HemisphereLight,
  type Material,
  type Mesh,
  type Object3D,
  Scene,
  Vector3,
  WebGLRenderer,
} from 'three';
import { theme } from '../charts/theme';
import { Orbit, type Pose, type Up } from './orbit';
import { steer } from './steering';

export interface Label {
  at: Vector3;
  text: string;
}

export interface Content {
  object: Object3D;
  up: Up;
  labels: Label[];
  /** What is there, in words and numbers. */
  words: string;
  counts: Record<string, number>;
}

const MOST_LABELS = 200;
const AXES = ['x', 'y', 'z'] as const;
const COMPASS_PIXELS = 16;
const SKY = 0xffffff;
const GROUND = 0x8c969e;

let shared: WebGLRenderer | null = null;

function renderer(): WebGLRenderer {
  if (shared) return shared;
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('webgl2', { alpha: true, antialias: true });
  if (!context)
    throw new Error(
      'This browser gives the page no WebGL 2, which draws things in three dimensions.',
    );
  shared = new WebGLRenderer({ canvas, context });
  return shared;
}

export class Stage {
  readonly bounds = new Box3();
  private readonly scene = new Scene();
  private readonly orbit: Orbit;
  private readonly context: CanvasRenderingContext2D;
  private readonly letGo: () => void;
  private asked = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly content: Content,
    pose?: Pose,
  ) {
    renderer();
    this.context = canvas.getContext('2d')!;
    this.scene.add(content.object);
    this.bounds.setFromObject(content.object);
    if (this.bounds.isEmpty()) this.bounds.set(new Vector3(), new Vector3());
    this.orbit = new Orbit(this.bounds, content.up, pose);
    const lamp = new DirectionalLight(SKY, 2);
    lamp.position.set(-0.4, 0.6, 1);
    this.orbit.camera.add(lamp, lamp.target);
    this.scene.add(this.orbit.camera, new HemisphereLight(SKY, GROUND, 1.4));
    this.letGo = steer(canvas, this.orbit, () => this.redraw());
  }

  get pose(): Pose {
    return this.orbit.pose;
  }

  reset(): void {
    this.orbit.reset();
    this.redraw();
  }

  zoomBy(factor: number): void {
    this.orbit.zoomBy(factor);
    this.redraw();
  }

  /** Draws in the next frame, once for all that asked. */
  redraw(): void {
    this.asked ||= requestAnimationFrame(() => {
      this.asked = 0;
      this.draw();
    });
  }

  destroy(): void {
    this.letGo();
    cancelAnimationFrame(this.asked);
    this.content.object.traverse(dispose);
  }

  private draw(): void {
    const { canvas, context, scene, orbit } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (width === 0 || height === 0) return;
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const gl = renderer();
    gl.setSize(canvas.width, canvas.height, false);
    orbit.aim(width / height);
    gl.render(scene, orbit.camera);
    context.drawImage(gl.domElement, 0, 0);
    context.scale(ratio, ratio);
    for (const label of this.content.labels.slice(0, MOST_LABELS)) this.name(label, width, height);
    this.drawCompass(height);
  }

  /** Where the axes point, in the lower left corner. */
  private drawCompass(height: number): void {
    const { context } = this;
    const [x, y] = [COMPASS_PIXELS + 10, height - COMPASS_PIXELS - 10];
    const turned = this.orbit.camera.matrixWorldInverse;
    for (const axis of AXES) {
      const way = new Vector3();
      way[axis] = COMPASS_PIXELS;
      way.transformDirection(turned).multiplyScalar(COMPASS_PIXELS);
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + way.x, y - way.y);
      context.lineWidth = 1;
      context.strokeStyle = theme().ink3;
      context.stroke();
      this.write(axis, x + way.x * 1.35, y - way.y * 1.35);
    }
  }

  private name({ at, text }: Label, width: number, height: number): void {
    const seen = at.clone().project(this.orbit.camera);
    if (seen.z < 1) this.write(text, ((seen.x + 1) / 2) * width, ((1 - seen.y) / 2) * height);
  }

  private write(text: string, x: number, y: number): void {
    const { context } = this;
    const { font, bg, ink2 } = theme();
    Object.assign(context, { font, textAlign: 'center', textBaseline: 'middle', lineWidth: 3 });
    context.strokeStyle = bg;
    context.strokeText(text, x, y);
    context.fillStyle = ink2;
    context.fillText(text, x, y);
  }
}

function dispose(object: Object3D): void {
  const { geometry, material } = object as Partial<Mesh>;
  geometry?.dispose();
  for (const one of [material ?? []].flat()) disposeMaterial(one);
}

function disposeMaterial(material: Material): void {
  for (const value of Object.values(material)) if (value?.isTexture) value.dispose();
  material.dispose();
}
