/** A camera that turns around, moves past and nears what is shown. */

import { type Box3, PerspectiveCamera, Vector3 } from 'three';

/** The axis that points up in a picture. */
export type Up = 'y' | 'z';

export interface Pose {
  /** Angles in radians around the upward axis and above the ground. */
  turn: number;
  tilt: number;
  /** As a multiple of the distance at which everything is in sight. */
  distance: number;
  /** From the middle of what is shown. */
  offset: [number, number, number];
}

const FIELD_DEGREES = 35;
const START: Pose = { turn: 0.6, tilt: 0.4, distance: 1, offset: [0, 0, 0] };
const MOST_TILT = Math.PI / 2 - 0.01;
const NEAREST = 0.02;
const FARTHEST = 8;
const ROOM = 1.08;
const SLOPE = Math.tan((FIELD_DEGREES * Math.PI) / 360);

export class Orbit {
  readonly camera = new PerspectiveCamera(FIELD_DEGREES, 1);
  private readonly middle: Vector3;
  private readonly radius: number;
  private now: Pose;

  constructor(
    private readonly bounds: Box3,
    private readonly up: Up,
    pose: Pose = START,
  ) {
    this.now = pose;
    this.middle = bounds.getCenter(new Vector3());
    this.radius = bounds.getSize(new Vector3()).length() / 2 || 1;
    this.camera.up.set(0, up === 'y' ? 1 : 0, up === 'z' ? 1 : 0);
  }

  get pose(): Pose {
    return this.now;
  }

  reset(): void {
    this.now = START;
  }

  turnBy(turn: number, tilt: number): void {
    const next = Math.max(-MOST_TILT, Math.min(MOST_TILT, this.now.tilt + tilt));
    this.now = { ...this.now, turn: this.now.turn + turn, tilt: next };
  }

  zoomBy(factor: number): void {
    const distance = Math.max(NEAREST, Math.min(FARTHEST, this.now.distance * factor));
    this.now = { ...this.now, distance };
  }

  /** Moves the picture by shares of its height, to the right and down. */
  moveBy(right: number, down: number): void {
    const [x, y] = [0, 1].map((i) => new Vector3().setFromMatrixColumn(this.camera.matrix, i));
    const height = 2 * this.reach() * SLOPE;
    const offset = new Vector3(...this.now.offset)
      .addScaledVector(x, -right * height)
      .addScaledVector(y, down * height);
    this.now = { ...this.now, offset: [offset.x, offset.y, offset.z] };
  }

  /** Puts the camera in its place for a picture of this ratio of width to height. */
  aim(aspect: number): void {
    const { camera, radius } = this;
    camera.aspect = aspect;
    const middle = this.middle.clone().add(new Vector3(...this.now.offset));
    const reach = this.reach();
    camera.position.copy(this.towards(this.now)).multiplyScalar(reach).add(middle);
    camera.near = Math.max(reach / 200, reach - 4 * radius);
    camera.far = reach + 20 * radius;
    camera.lookAt(middle);
    camera.updateProjectionMatrix();
    camera.updateMatrixWorld();
  }

  /** From the middle to the camera. */
  private towards({ turn, tilt }: Pose): Vector3 {
    const [flat, high] = [Math.cos(tilt), Math.sin(tilt)];
    const [x, z] = [flat * Math.sin(turn), flat * Math.cos(turn)];
    return this.up === 'y' ? new Vector3(x, high, z) : new Vector3(x, -z, high);
  }

  private reach(): number {
    return this.now.distance * ROOM * this.whole();
  }

  /** The distance at which the bounds just fit as they are seen at first. */
  private whole(): number {
    const back = this.towards(START);
    const right = this.camera.up.clone().cross(back).normalize();
    const above = back.clone().cross(right);
    const { aspect } = this.camera;
    const distances = cornersOf(this.bounds).map((corner) => {
      const at = corner.sub(this.middle);
      const [x, y] = [Math.abs(at.dot(right)), Math.abs(at.dot(above))];
      return at.dot(back) + Math.max(x / aspect, y) / SLOPE;
    });
    return Math.max(...distances, this.radius / 10);
  }
}

const cornersOf = ({ min, max }: Box3): Vector3[] =>
  Array.from(
    { length: 8 },
    (_, i) => new Vector3(i & 1 ? max.x : min.x, i & 2 ? max.y : min.y, i & 4 ? max.z : min.z),
  );
