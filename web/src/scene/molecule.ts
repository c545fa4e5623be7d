/** Molecules as balls and sticks. */

import {
  Color,
  CylinderGeometry,
  Group,
  IcosahedronGeometry,
  InstancedMesh,
  Matrix4,
  MeshStandardMaterial,
  Quaternion,
  Vector3,
} from 'three';
import { formatCount } from '../math/numbers';
import type { Atom, Bond } from './chemistry/bonds';
import { elementOf, formulaOf } from './chemistry/elements';
import { type Molecule, readMolecule } from './chemistry/molecule';
import type { Content } from './stage';

const BALL_SHARE = 0.42;
const STICK_RADIUS = 0.1;
const STICK_GAP = 0.2;
/** More atoms get balls of fewer faces. */
const FINE_ATOMS = 3000;
const UPRIGHT = new Vector3(0, 1, 0);

export function moleculeContent(path: string, text: string): Content {
  const molecule = readMolecule(path, text);
  const { atoms, bonds } = molecule;
  const object = new Group().add(balls(atoms));
  if (bonds.length > 0) object.add(sticks(molecule));
  const formula = formulaOf(atoms.map(({ symbol }) => symbol));
  const words = [
    formula,
    `${formatCount(atoms.length)} atom${atoms.length === 1 ? '' : 's'}`,
    `${formatCount(bonds.length)} bond${bonds.length === 1 ? '' : 's'}`,
  ].join(', ');
  const counts = { atoms: atoms.length, bonds: bonds.length };
  return { object, up: 'y', labels: [], words, counts };
}

const surface = () => new MeshStandardMaterial({ roughness: 0.55 });

function balls(atoms: Atom[]): InstancedMesh {
  const faces = new IcosahedronGeometry(1, atoms.length > FINE_ATOMS ? 1 : 4);
  const mesh = new InstancedMesh(faces, surface(), atoms.length);
  const matrix = new Matrix4();
  const color = new Color();
  atoms.forEach(({ symbol, at }, i) => {
    const { radius, color: name } = elementOf(symbol);
    const size = radius * BALL_SHARE;
    mesh.setMatrixAt(i, matrix.makeScale(size, size, size).setPosition(...at));
    mesh.setColorAt(i, color.set(name));
  });
  return mesh;
}

/** Two halves for each bond, in the colours of its atoms; side by side for double ones. */
function sticks({ atoms, bonds }: Molecule): InstancedMesh {
  const halves = bonds.flatMap((bond) => halvesOf(atoms, bond));
  const mesh = new InstancedMesh(new CylinderGeometry(1, 1, 1, 12), surface(), halves.length);
  const color = new Color();
  const turn = new Quaternion();
  halves.forEach(({ from, to, radius, symbol }, i) => {
    const along = to.clone().sub(from);
    const size = new Vector3(radius, along.length(), radius);
    const middle = from.clone().add(to).multiplyScalar(0.5);
    turn.setFromUnitVectors(UPRIGHT, along.normalize());
    mesh.setMatrixAt(i, new Matrix4().compose(middle, turn, size));
    mesh.setColorAt(i, color.set(elementOf(symbol).color));
  });
  return mesh;
}

interface Half {
  from: Vector3;
  to: Vector3;
  radius: number;
  symbol: string;
}

function halvesOf(atoms: Atom[], { from, to, order }: Bond): Half[] {
  const [a, b] = [atoms[from], atoms[to]].map(({ at }) => new Vector3(...at));
  const middle = a.clone().add(b).multiplyScalar(0.5);
  const aside = b
    .clone()
    .sub(a)
    .cross(Math.abs(b.x - a.x) > Math.abs(b.z - a.z) ? new Vector3(0, 0, 1) : new Vector3(1, 0, 0));
  const radius = STICK_RADIUS / Math.sqrt(order);
  return Array.from({ length: order }, (_, i) => {
    const shift = aside.clone().setLength(STICK_GAP * (i - (order - 1) / 2));
    const ends = [a, middle, b].map((place) => place.clone().add(shift));
    return [
      { from: ends[0], to: ends[1], radius, symbol: atoms[from].symbol },
      { from: ends[1], to: ends[2], radius, symbol: atoms[to].symbol },
    ];
  }).flat();
}
