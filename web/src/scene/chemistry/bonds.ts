/** Bonds of molecules whose file names none. */

import { elementOf } from './elements';

export interface Atom {
  symbol: string;
  /** x, y, z in ångström. */
  at: [number, number, number];
}

export interface Bond {
  from: number;
  to: number;
  /** 1, 2 or 3; aromatic bonds are 2. */
  order: number;
}

/** How much longer than the sum of the radii a bond may be, in ångström. */
const SLACK = 0.4;

/** Atoms that touch, found through cells as wide as the longest bond. */
export function bondsByDistance(atoms: Atom[]): Bond[] {
  const radii = atoms.map(({ symbol }) => elementOf(symbol).radius);
  const width = 2 * radii.reduce((most, radius) => Math.max(most, radius), 0) + SLACK;
  const cells = new Map<string, number[]>();
  const bonds: Bond[] = [];
  atoms.forEach(({ at }, to) => {
    const [x, y, z] = at.map((value) => Math.floor(value / width));
    for (const from of around(cells, x, y, z)) {
      const reach = radii[from] + radii[to] + SLACK;
      if (distance(atoms[from].at, at) < reach) bonds.push({ from, to, order: 1 });
    }
    const cell = `${x} ${y} ${z}`;
    cells.set(cell, [...(cells.get(cell) ?? []), to]);
  });
  return bonds;
}

function around(cells: Map<string, number[]>, x: number, y: number, z: number): number[] {
  const found: number[] = [];
  for (let i = x - 1; i <= x + 1; i++)
    for (let j = y - 1; j <= y + 1; j++)
      for (let k = z - 1; k <= z + 1; k++) found.push(...(cells.get(`${i} ${j} ${k}`) ?? []));
  return found;
}

const distance = (a: number[], b: number[]): number =>
  Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
