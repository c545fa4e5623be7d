/** Atoms and bonds of the text formats of molecules. */

import { type Atom, type Bond, bondsByDistance } from './bonds';
import { symbolInName, symbolOf } from './elements';

export interface Molecule {
  atoms: Atom[];
  bonds: Bond[];
}

type Reader = (lines: string[]) => Molecule;

const READERS: Record<string, Reader> = {
  pdb: readPdb,
  pqr: readPqr,
  sdf: readMol,
  sd: readMol,
  mol: readMol,
  mol2: readMol2,
  xyz: readXyz,
  gro: readGro,
  cif: readCif,
  mcif: readCif,
  mmcif: readCif,
};

const suffixOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1).toLowerCase();

/** The first molecule of a file. Throws for text in which no atoms can be found. */
export function readMolecule(path: string, text: string): Molecule {
  const found = READERS[suffixOf(path)](text.split(/\r?\n/));
  const atoms = found.atoms.filter(({ at }) => at.every(Number.isFinite));
  if (atoms.length === 0 || atoms.length < found.atoms.length)
    throw new Error(`no atoms with coordinates could be read from this .${suffixOf(path)} file`);
  return found;
}

/** Formats without bonds: what is near enough is bonded. */
function withBonds(atoms: Atom[], given: Bond[] = []): Molecule {
  const known = new Set(given.map(({ from, to }) => `${from} ${to}`));
  const near = bondsByDistance(atoms).filter(({ from, to }) => !known.has(`${from} ${to}`));
  return { atoms, bonds: [...given, ...near] };
}

const words = (line: string): string[] => line.trim().split(/\s+/);

function place(texts: string[], scale = 1): [number, number, number] {
  const [x, y, z] = texts.map((text) => (text?.trim() ? Number(text) * scale : Number.NaN));
  return [x, y, z];
}

/** One of several places of an atom, and one of several models. */
function readPdb(lines: string[]): Molecule {
  const atoms: Atom[] = [];
  const bySerial = new Map<string, number>();
  const end = lines.findIndex((line) => line.startsWith('ENDMDL'));
  for (const line of end < 0 ? lines : lines.slice(0, end)) {
    if (!/^(ATOM|HETATM)/.test(line) || !' A'.includes(line.charAt(16))) continue;
    bySerial.set(line.slice(6, 11).trim(), atoms.length);
    const name = line.slice(12, 16);
    const symbol = symbolOf(line.slice(76, 78)) || symbolInName(name);
    atoms.push({ symbol, at: place([line.slice(30, 38), line.slice(38, 46), line.slice(46, 54)]) });
  }
  return withBonds(atoms, connections(lines, bySerial));
}

/** A neighbour that is named twice has a double bond. */
function connections(lines: string[], bySerial: Map<string, number>): Bond[] {
  const bonds = new Map<string, Bond>();
  for (const line of lines.filter((one) => one.startsWith('CONECT'))) {
    const [from, ...others] = [6, 11, 16, 21, 26].map((i) =>
      bySerial.get(line.slice(i, i + 5).trim()),
    );
    for (const to of others) {
      if (from === undefined || to === undefined || from >= to) continue;
      const bond = bonds.get(`${from} ${to}`) ?? { from, to, order: 0 };
      bonds.set(`${from} ${to}`, { from, to, order: bond.order + 1 });
    }
  }
  return [...bonds.values()];
}

function readPqr(lines: string[]): Molecule {
  const rows = lines.filter((line) => /^(ATOM|HETATM)/.test(line)).map(words);
  return withBonds(
    rows.map((row) => ({ symbol: symbolInName(row[2]), at: place(row.slice(-5, -2)) })),
  );
}

/** Both versions of MDL's format; an SDF begins with one. */
function readMol(lines: string[]): Molecule {
  if (lines[3]?.includes('V3000')) return readMol3000(lines);
  const counts = lines[3] ?? '';
  const atomCount = Number(counts.slice(0, 3)) || 0;
  const bondCount = Number(counts.slice(3, 6)) || 0;
  const atoms = lines.slice(4, 4 + atomCount).map((line) => ({
    symbol: symbolOf(line.slice(31, 34)),
    at: place([line.slice(0, 10), line.slice(10, 20), line.slice(20, 30)]),
  }));
  const rows = lines.slice(4 + atomCount, 4 + atomCount + bondCount);
  const bonds = rows.map((line) =>
    bond(line.slice(0, 3), line.slice(3, 6), line.slice(6, 9).trim()),
  );
  return { atoms, bonds };
}

function readMol3000(lines: string[]): Molecule {
  const rows = lines
    .filter((line) => line.startsWith('M  V30 '))
    .map((line) => words(line).slice(2));
  const within = (name: string): string[][] => {
    const at = (word: string) => rows.findIndex((row) => row[0] === word && row[1] === name);
    return at('BEGIN') < 0 ? [] : rows.slice(at('BEGIN') + 1, at('END'));
  };
  return {
    atoms: within('ATOM').map((row) => ({ symbol: symbolOf(row[1]), at: place(row.slice(2, 5)) })),
    bonds: within('BOND').map(([, order, from, to]) => bond(from, to, order)),
  };
}

function readMol2(lines: string[]): Molecule {
  const within = (name: string): string[][] => {
    const start = lines.findIndex((line) => line.trim() === `@<TRIPOS>${name}`) + 1;
    if (start === 0) return [];
    const rest = lines.slice(start);
    const end = rest.findIndex((line) => line.startsWith('@<TRIPOS>'));
    return rest
      .slice(0, end < 0 ? undefined : end)
      .filter((line) => line.trim())
      .map(words);
  };
  return {
    atoms: within('ATOM').map((row) => ({ symbol: symbolOf(row[5]), at: place(row.slice(2, 5)) })),
    bonds: within('BOND').map(([, from, to, order]) => bond(from, to, order)),
  };
}

/** Atoms are counted from 1; 4 and `ar` are aromatic, `am` is an amide. */
function bond(from: string, to: string, order: string): Bond {
  const aromatic = order === '4' || order === 'ar';
  return {
    from: Number(from) - 1,
    to: Number(to) - 1,
    order: aromatic ? 2 : Math.min(3, Number(order) || 1),
  };
}

function readXyz(lines: string[]): Molecule {
  const rows = lines.slice(2, 2 + (Number(lines[0]) || 0)).map(words);
  return withBonds(rows.map((row) => ({ symbol: symbolOf(row[0]), at: place(row.slice(1, 4)) })));
}

const ANGSTROM_PER_NANOMETRE = 10;

function readGro(lines: string[]): Molecule {
  const rows = lines.slice(2, 2 + (Number(lines[1]) || 0));
  const at = (line: string) =>
    place(
      [20, 28, 36].map((i) => line.slice(i, i + 8)),
      ANGSTROM_PER_NANOMETRE,
    );
  return withBonds(
    rows.map((line) => ({ symbol: symbolInName(line.slice(10, 15)), at: at(line) })),
  );
}

/** The loop of atoms with Cartesian coordinates; crystals in shares of a cell have none. */
function readCif(lines: string[]): Molecule {
  const first = lines.findIndex((line) => line.startsWith('_atom_site.'));
  const names: string[] = [];
  while (lines[first + names.length]?.startsWith('_atom_site.'))
    names.push(lines[first + names.length].trim().slice('_atom_site.'.length));
  const column = (name: string) => names.indexOf(name);
  const rest = first < 0 ? [] : lines.slice(first + names.length);
  const end = rest.findIndex((line) => !/^(ATOM|HETATM)/.test(line));
  const rows = rest.slice(0, end < 0 ? undefined : end).map(words);
  return withBonds(
    rows.map((row) => ({
      symbol: symbolOf(row[column('type_symbol')] ?? ''),
      at: place(['Cartn_x', 'Cartn_y', 'Cartn_z'].map((name) => row[column(name)])),
    })),
  );
}
