import { expect, test } from 'vitest';
import { boxEdges, readCloud } from '../src/math/points';
import { formulaOf, symbolInName } from '../src/scene/chemistry/elements';
import { readMolecule } from '../src/scene/chemistry/molecule';

test('the edges of a box are found in any order of its corners', () => {
  // the order of W&B's documentation
  const corners = [
    [0, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [1, 0, 0],
    [1, 1, 0],
    [0, 1, 1],
    [1, 0, 1],
    [1, 1, 1],
  ];
  const edges = boxEdges(corners);
  expect(edges).toHaveLength(24);
  for (let i = 0; i < 24; i += 2) {
    const apart = [0, 1, 2].filter((k) => corners[edges[i]][k] !== corners[edges[i + 1]][k]);
    expect(apart).toHaveLength(1);
  }
});

test('what is not finite is left out and counted', () => {
  expect(readCloud('[[0, 0, 0], [NaN, 1, 1], [1, -Infinity, 2]]')).toMatchObject({
    points: [[0, 0, 0]],
    left: 2,
  });
  expect(() => readCloud('no points')).toThrow();
});

test('a neighbour that a pdb names twice has a double bond', () => {
  const atom = (n: number, name: string, x: string) =>
    `HETATM${String(n).padStart(5)} ${name} UNL     1    ${x}   0.000   0.000  1.00  0.00`;
  const lines = [atom(1, ' C1 ', '   0.000'), atom(2, ' O1 ', '   1.200'), 'CONECT    1    2    2'];
  expect(readMolecule('m.pdb', lines.join('\n'))).toEqual({
    atoms: [
      { symbol: 'C', at: [0, 0, 0] },
      { symbol: 'O', at: [1.2, 0, 0] },
    ],
    bonds: [{ from: 0, to: 1, order: 2 }],
  });
});

test('the later version of molfiles is read', () => {
  const text = `
  x

  0  0  0     0  0            999 V3000
M  V30 BEGIN CTAB
M  V30 BEGIN ATOM
M  V30 1 N 0 0 0 0
M  V30 2 N 1.1 0 0 0
M  V30 END ATOM
M  V30 BEGIN BOND
M  V30 1 3 1 2
M  V30 END BOND
M  V30 END CTAB`;
  expect(readMolecule('m.sdf', text).bonds).toEqual([{ from: 0, to: 1, order: 3 }]);
});

test('atoms of mmcif, xyz and gro are bonded where they touch', () => {
  const cif = `loop_
_atom_site.group_PDB
_atom_site.type_symbol
_atom_site.Cartn_x
_atom_site.Cartn_y
_atom_site.Cartn_z
HETATM O 0 0 0
HETATM H 0.96 0 0
#`;
  const xyz = '2\nhydroxide\nO 0 0 0\nH 0.96 0 0';
  const row = (name: string, x: string) => `    1HOH  ${name}    1   ${x}   0.000   0.000`;
  const gro = ['hydroxide', '2', row('  O', '0.000'), row(' HW', '0.096'), '1 1 1'].join('\n');
  for (const [path, text] of Object.entries({ 'm.cif': cif, 'm.xyz': xyz, 'm.gro': gro })) {
    const { atoms, bonds } = readMolecule(path, text);
    expect(atoms.map(({ symbol }) => symbol)).toEqual(['O', 'H']);
    expect(atoms[1].at[0]).toBeCloseTo(0.96);
    expect(bonds).toEqual([{ from: 0, to: 1, order: 1 }]);
  }
  expect(() => readMolecule('m.cif', '_cell_length_a 4')).toThrow('no atoms with coordinates');
});

test('elements are told from names of atoms, and formulas begin with carbon', () => {
  expect(['CA', '1HB', 'CL2', ' OXT', 'FE'].map(symbolInName)).toEqual(['C', 'H', 'Cl', 'O', 'Fe']);
  expect(formulaOf(['O', 'H', 'C', 'H', 'H', 'H'])).toBe('CH₄O');
});
