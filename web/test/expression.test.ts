// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so metrics are written in expressions
/** Expressions over metrics: what they compute, and what is said of those that are none. */

import { describe, expect, it } from 'vitest';
import { parseExpression, SyntaxFault } from '../src/math/expression';

const VALUES: Record<string, number> = {
  a: 3,
  'train/loss': 8,
  b: -0.5,
  zero: 0,
  none: Number.NaN,
};

function compute(text: string): number {
  const { names, evaluate } = parseExpression(text);
  return evaluate(names.map(({ name }) => VALUES[name]));
}

function faultOf(text: string): { message: string; marked: string } {
  try {
    parseExpression(text);
  } catch (fault) {
    if (!(fault instanceof SyntaxFault)) throw fault;
    const { message, at, length } = fault;
    return { message, marked: text.slice(at, at + length) };
  }
  throw new Error(`${text} is an expression`);
}

describe('an expression', () => {
  it.each([
    ['${train/loss} / ${a}', 8 / 3],
    ['1 + 2 * ${a}', 7],
    ['(1 + 2) * ${a}', 9],
    ['10 - ${a} - 2', 5],
    ['24 / ${a} / 2', 4],
    ['2 ** ${a} ** 2', 512],
    ['-${a} ** 2', -9],
    ['(-${a}) ** 2', 9],
    ['2 ** -${a}', 0.125],
    ['2 * -${a}', -6],
    ['--${a}', 3],
    ['+${b}', -0.5],
    ['1e-3*${a}', 0.003],
    ['.5*${a} + 1.', 2.5],
    ['log(exp(${a}))', 3],
    ['log10(1000) * ${a}', 9],
    ['sqrt(${a} + 6)', 3],
    ['abs(${b})', 0.5],
    ['min(${a}, ${train/loss}, 5)', 3],
    ['max(${a}, ${b})', 3],
    ['  ${ a }+${a}  ', 6],
  ])('%s is %d', (text, value) => {
    expect(compute(text)).toBeCloseTo(value, 12);
  });

  it('is not finite where arithmetic is not', () => {
    expect(compute('${a} / ${zero}')).toBe(Number.POSITIVE_INFINITY);
    expect(compute('log(${zero})')).toBe(Number.NEGATIVE_INFINITY);
    expect(compute('log(${b})')).toBeNaN();
    expect(compute('max(${a}, ${none})')).toBeNaN();
  });

  it('names each metric once, with its place', () => {
    expect(parseExpression('${a} + ${b} * ${a}').names).toEqual([
      { name: 'a', at: 0, length: 4 },
      { name: 'b', at: 7, length: 4 },
    ]);
  });
});

describe('what is no expression', () => {
  it.each([
    ['', 'nothing to compute', ''],
    ['${a} +', 'a value is missing at the end', ''],
    ['${a} * / 2', 'a value is missing before /', '/'],
    ['${a} ${b}', 'an operator is missing before ${b}', '${b}'],
    ['(${a} + 1', 'this ( is never closed', '('],
    ['${a})', 'an operator is missing before )', ')'],
    ['log ${a}', 'log needs its values in ( )', 'log'],
    ['log(${a}', 'this ( is never closed', '('],
    ['log(${a}, 2)', 'log takes one value', 'log'],
    ['min(${a})', 'min takes two values or more', 'min'],
    ['sin(${a})', 'there is no function sin', 'sin'],
    ['train/loss * 2', 'a metric is written ${train/loss}', 'train/loss'],
    ['${a', 'the } of this metric is missing', '${'],
    ['${} + 1', 'the name of the metric is missing', '${}'],
    ['${a} ^ 2', 'a power is written **', '^'],
    ['${a} % 2', '% has no meaning here', '%'],
    ['1 + 2', 'there is no metric in it', '1 + 2'],
    ['constructor(${a})', 'there is no function constructor', 'constructor'],
  ])('%s: %s', (text, message, marked) => {
    const fault = faultOf(text);
    expect(fault.message).toContain(message);
    expect(fault.marked).toBe(marked);
  });

  it('may be nested as deep as it likes', () => {
    expect(faultOf(`${'('.repeat(5000)}\${a}`).message).toContain('nested too deeply');
    expect(faultOf(`${'-'.repeat(5000)}\${a}`).message).toContain('nested too deeply');
  });
});
