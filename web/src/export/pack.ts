/** Numbers and bytes of an exported file in few characters. */

import type { Figure } from '../explore/figure';

const CHUNK = 0x8000;
const SHADES = 255;

export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(text);
}

interface Heat {
  z: (number | null)[][];
  colorscale: [number, string][];
  colorbar: object;
}

/** A heatmap with one byte a cell: 0 where nothing is, else its shade of 255. */
export function packedHeat({ data, layout }: Figure): Figure {
  const heat = data[0] as Heat;
  const cells = heat.z.flat();
  const top = cells.reduce((most: number, value) => Math.max(most, value ?? 0), 0) || 1;
  const shades = Uint8Array.from(cells, (value) =>
    value === null ? 0 : Math.max(1, Math.round((value / top) * SHADES)),
  );
  const marks = Array.from({ length: Math.floor(top) + 1 }, (_, power) => power);
  const packed = {
    ...heat,
    z: { dtype: 'u1', bdata: base64(shades), shape: `${heat.z.length},${heat.z[0].length}` },
    zmin: 0,
    zmax: SHADES,
    colorscale: fromFirstShade(heat.colorscale),
    colorbar: {
      ...heat.colorbar,
      tickvals: marks.map((power) => (power / top) * SHADES),
      ticktext: marks.map(String),
    },
  };
  return { data: [packed], layout };
}

const CLEAR = 'rgba(0, 0, 0, 0)';

function fromFirstShade(stops: [number, string][]): [number, string][] {
  const first = 0.5 / SHADES;
  return [
    [0, CLEAR],
    [first, CLEAR],
    ...stops.map(([at, color]): [number, string] => [Math.max(first, at), color]),
  ];
}
