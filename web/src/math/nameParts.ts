/** Long names where there is little room: runs and layers that begin alike differ at their ends. */

/** So much of what is kept of a name is its end. */
const END_SHARE = 0.6;
const SHORT_NAME = 12;

/** A name as what may be cut and the end, which is cut last; a short name is an end alone. */
export function nameParts(name: string): [start: string, end: string] {
  const letters = [...name];
  if (letters.length <= SHORT_NAME) return ['', name];
  const cut = Math.floor(letters.length * (1 - END_SHARE));
  return [letters.slice(0, cut).join(''), letters.slice(cut).join('')];
}

/** So many letters of a name, with an ellipsis for those between its beginning and its end. */
export function withoutMiddle(name: string, kept: number): string {
  const letters = [...name];
  const end = Math.ceil(kept * END_SHARE);
  const start = letters.slice(0, kept - end).join('');
  return `${start}…${letters.slice(letters.length - end).join('')}`;
}

const WORDS = /[^_\-/.: ]+|[_\-/.: ]+/g;
const FEWEST_ALIKE = 2;

/**
 * Names as short as they can be told apart: of names with as many words, those words that are the
 * same in all of them are left out, but for the one before a number that differs, as long as `most`
 * letters are enough for it.
 */
export function tellingNames(names: string[], most = Infinity): Map<string, string> {
  const alike = new Map<number, string[][]>();
  for (const name of new Set(names)) {
    const words = name.match(WORDS) ?? [name];
    const group = alike.get(words.length);
    if (group) group.push(words);
    else alike.set(words.length, [words]);
  }
  const short = new Map<string, string>();
  for (const group of alike.values()) {
    if (group.length < FEWEST_ALIKE) continue;
    const differs = group[0].map((word, i) => group.some((words) => words[i] !== word));
    const full = group.map(abbreviation(withNumbers(differs, group)));
    const fits = full.every((name) => name.length <= most);
    const shorter = fits ? full : group.map(abbreviation(differs));
    for (const [i, words] of group.entries()) short.set(words.join(''), shorter[i]);
  }
  return short;
}

/** The words to keep: with a number the word before it and what stands between them. */
function withNumbers(differs: boolean[], group: string[][]): boolean[] {
  const isNumber = differs.map((own, i) => own && group.every((words) => /^\d/.test(words[i])));
  return differs.map((own, i) => own || isNumber[i + 1] || isNumber[i + 2]);
}

const abbreviation =
  (kept: boolean[]) =>
  (words: string[]): string => {
    const parts = words.map((word, i) => (kept[i] ? word : '…'));
    return parts.join('').replace(/…+[_\-/.: ]*/g, '…');
  };
