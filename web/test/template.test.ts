// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so names are written in templates
/** Templates of the names of lines. */

import { describe, expect, it } from 'vitest';
import { SyntaxFault } from '../src/math/expression';
import { fillTemplate, parseTemplate } from '../src/math/template';

const fill = (text: string): string => fillTemplate(parseTemplate(text), (name) => `<${name}>`);

describe('a template', () => {
  it.each([
    ['${run:name}', '<run:name>'],
    ['lr ${config:lr}, ${ metricName }!', 'lr <config:lr>, <metricName>!'],
    ['no names at all', 'no names at all'],
    ['$5 {x} }', '$5 {x} }'],
    ['', ''],
  ])('%s becomes %s', (text, filled) => {
    expect(fill(text)).toBe(filled);
  });

  it.each([
    ['a ${run:name', 2, 2],
    ['${a} ${}', 5, 3],
  ])('%s is wrong at %i', (text, at, length) => {
    expect(() => parseTemplate(text)).toThrow(SyntaxFault);
    try {
      parseTemplate(text);
    } catch (fault) {
      expect(fault).toMatchObject({ at, length });
    }
  });
});
