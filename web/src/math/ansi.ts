/** Terminal colours of output lines, as classes: `SGR` sequences only, all others are dropped. */

export interface Span {
  text: string;
  /** Class names, such as `b f1`; empty for plain text. */
  style: string;
}

interface Pen {
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
  /** Colour 0–15 of the terminal, or null for the page's own. */
  front: number | null;
  back: number | null;
}

const ESCAPE = String.fromCharCode(27);
const BELL = String.fromCharCode(7);
/** Control sequences, with the parameters and the final letter apart; then titles and links. */
const SEQUENCE = new RegExp(
  `${ESCAPE}\\[([0-9;:?]*)([A-Za-z])|${ESCAPE}\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)|${ESCAPE}.`,
  'g',
);

const plainPen = (): Pen => ({
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
  front: null,
  back: null,
});

/** Red, green and blue of the colours 0–15 of xterm. */
const BASE = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
];

/** The nearest of the 16 colours: those are drawn with contrast in both themes. */
function nearest(rgb: number[]): number {
  const distance = (other: number[]) => rgb.reduce((sum, v, i) => sum + (v - other[i]) ** 2, 0);
  const all = BASE.map(distance);
  return all.indexOf(Math.min(...all));
}

/** One of the 256 colours of xterm: 16, a cube of 6 × 6 × 6, and 24 greys. */
function from256(index: number): number {
  if (index < 16) return index;
  if (index >= 232) return nearest([0, 1, 2].map(() => 8 + 10 * (index - 232)));
  const level = (digit: number) => (digit === 0 ? 0 : 55 + 40 * digit);
  const cell = index - 16;
  return nearest([Math.floor(cell / 36), Math.floor(cell / 6) % 6, cell % 6].map(level));
}

/** Reads `5;n` or `2;r;g;b` behind 38 or 48; returns the colour and how many codes it took. */
function extended(codes: number[], at: number): [color: number | null, taken: number] {
  if (codes[at] === 5) return [from256(codes[at + 1] ?? 0), 2];
  if (codes[at] === 2) return [nearest(codes.slice(at + 1, at + 4)), 4];
  return [null, 0];
}

const FLAGS: Record<number, Partial<Pen>> = {
  0: plainPen(),
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  39: { front: null },
  49: { back: null },
};

function colorOf(code: number): Partial<Pen> {
  if (code >= 30 && code < 38) return { front: code - 30 };
  if (code >= 90 && code < 98) return { front: code - 82 };
  if (code >= 40 && code < 48) return { back: code - 40 };
  if (code >= 100 && code < 108) return { back: code - 92 };
  return {};
}

function apply(pen: Pen, parameters: string): void {
  const codes = parameters.split(/[;:]/).map(Number);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 38 || code === 48) {
      const [color, taken] = extended(codes, i + 1);
      Object.assign(pen, code === 38 ? { front: color } : { back: color });
      i += taken;
    } else Object.assign(pen, FLAGS[code] ?? colorOf(code));
  }
}

function classes(pen: Pen): string {
  const names = [
    pen.bold && 'bold',
    pen.dim && 'faint',
    pen.italic && 'italic',
    pen.underline && 'underline',
    pen.inverse && 'inverse',
    pen.front !== null && `f${pen.front}`,
    pen.back !== null && `g${pen.back}`,
  ];
  return names.filter(Boolean).join(' ');
}

/** A line as spans of one style each. */
export function ansiSpans(line: string): Span[] {
  const pen = plainPen();
  const spans: Span[] = [];
  const put = (text: string) => text && spans.push({ text, style: classes(pen) });
  let from = 0;
  for (const found of line.matchAll(SEQUENCE)) {
    put(line.slice(from, found.index));
    from = found.index + found[0].length;
    if (found[2] === 'm') apply(pen, found[1]);
  }
  put(line.slice(from));
  return spans;
}

/** The text without any control sequence. */
export function plainText(line: string): string {
  return line.includes(ESCAPE) ? line.replace(SEQUENCE, '') : line;
}
