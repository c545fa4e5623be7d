/** Chemical elements as they are drawn. */

interface Element {
  /** Covalent radius in ångström. */
  radius: number;
  color: string;
}

const ELEMENTS: Record<string, Element> = {
  H: { radius: 0.31, color: '#d8dde1' },
  B: { radius: 0.84, color: '#e0a08c' },
  C: { radius: 0.76, color: '#6a737b' },
  N: { radius: 0.71, color: '#3f68e8' },
  O: { radius: 0.66, color: '#e0372b' },
  F: { radius: 0.57, color: '#6fb84c' },
  Na: { radius: 1.66, color: '#8c5bd6' },
  Mg: { radius: 1.41, color: '#5f9a2f' },
  Si: { radius: 1.11, color: '#c4a684' },
  P: { radius: 1.07, color: '#ee8a1d' },
  S: { radius: 1.05, color: '#d9b913' },
  Cl: { radius: 1.02, color: '#3da344' },
  K: { radius: 2.03, color: '#8f40d4' },
  Ca: { radius: 1.76, color: '#4f9a3a' },
  Fe: { radius: 1.32, color: '#d0662f' },
  Cu: { radius: 1.32, color: '#c07a3c' },
  Zn: { radius: 1.22, color: '#7d80b0' },
  Se: { radius: 1.2, color: '#d99a1f' },
  Br: { radius: 1.2, color: '#a1352b' },
  I: { radius: 1.39, color: '#8a2f9c' },
};
const OTHER: Element = { radius: 1.3, color: '#c85a9a' };

export const elementOf = (symbol: string): Element => ELEMENTS[symbol] ?? OTHER;

/** `CL` as `Cl`; what follows the letters of a type such as `C.ar` does not count. */
export function symbolOf(text: string): string {
  const letters = /^[A-Za-z]{1,2}/.exec(text.trim())?.[0] ?? '';
  return letters.charAt(0).toUpperCase() + letters.slice(1).toLowerCase();
}

/** The element in a name of an atom such as `CA`, `1HB` or `CL2`, where it stands alone. */
export function symbolInName(name: string): string {
  const symbol = symbolOf(name.replace(/^[\d\s]+/, ''));
  return symbol in ELEMENTS && !['Ca', 'Na'].includes(symbol) ? symbol : symbol.charAt(0);
}

const lowered = (count: number): string =>
  String(count).replace(/\d/g, (digit) => String.fromCharCode(0x2080 + Number(digit)));

/** C, H, then the others by the alphabet, with how often each is there. */
export function formulaOf(symbols: string[]): string {
  const counts = new Map<string, number>();
  for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  const rank = (symbol: string) => (symbol === 'C' ? '0' : symbol === 'H' ? '1' : symbol);
  return [...counts]
    .sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))
    .map(([symbol, count]) => symbol + (count > 1 ? lowered(count) : ''))
    .join('');
}
