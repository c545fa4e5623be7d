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
    alike.set(words.length, [...(alike.get(words.length) ?? []), words]);
  }
  const short = new Map<string, string>();
  for (const group of alike.values()) {
    if (group.length < FEWEST_ALIKE) continue;
    const full = group.map((words) => withoutCommon(words, group, true));
    const fits = full.every((name) => name.length <= most);
    for (const [i, words] of group.entries())
      short.set(words.join(''), fits ? full[i] : withoutCommon(words, group, false));
  }
  return short;
}

function withoutCommon(words: string[], group: string[][], counted: boolean): string {
  const differs = words.map((word, i) => group.some((other) => other[i] !== word));
  const isNumber = (i: number) =>
    counted && differs[i] && group.every((other) => /^\d/.test(other[i]));
  // with a number the word before it and what stands between them
  const kept = differs.map((own, i) => own || isNumber(i + 1) || isNumber(i + 2));
  const parts = words.map((word, i) => (kept[i] ? word : '…'));
  return parts.join('').replace(/…+[_\-/.: ]*/g, '…');
}
