/** Texts with names in `${}`, such as `${run:name}, lr ${config:lr}`. */

import { type Place, SyntaxFault } from './expression';

export type Template = (string | Place)[];

const NAME = /\$\{([^}]*)\}/g;

/** Throws a SyntaxFault for a name that is empty or never ends. */
export function parseTemplate(text: string): Template {
  const parts: Template = [];
  let end = 0;
  for (const found of text.matchAll(NAME)) {
    const [all, inner] = found;
    if (found.index > end) parts.push(text.slice(end, found.index));
    end = found.index + all.length;
    const place = { name: inner.trim(), at: found.index, length: all.length };
    if (!place.name) throw new SyntaxFault('the name is missing', place.at, place.length);
    parts.push(place);
  }
  const open = text.indexOf('${', end);
  if (open >= 0) throw new SyntaxFault('the } of this name is missing', open, 2);
  return end < text.length ? [...parts, text.slice(end)] : parts;
}

export function fillTemplate(template: Template, value: (name: string) => string): string {
  return template.map((part) => (typeof part === 'string' ? part : value(part.name))).join('');
}
