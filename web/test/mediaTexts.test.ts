import { expect, test } from 'vitest';
import { plainText } from '../src/explore/formulas';
import { classColor, classColors } from '../src/math/overlay';
import { tableRows } from '../src/math/table';

test('formulas become text without dollars, and money stays money', () => {
  expect(plainText('$\\alpha^2$ over $x_{10}$')).toBe('α<sup>2</sup> over x<sub>10</sub>');
  expect(plainText('$\\frac{1}{2} \\leq \\mathrm{loss}$')).toBe('(1)/(2) ≤ loss');
  expect(plainText('$\\mathdefault{10^{-3}}$')).toBe('10<sup>-3</sup>');
  expect(plainText('from $5 to $10')).toBe('from $5 to $10');
});

test('each of 256 classes has a colour of its own, the twelfth like none of the palette', () => {
  const palette = Array.from({ length: 12 }, (_, i) => [i, i, i]);
  const colors = classColors(palette).map((color) => color.join());
  expect(new Set(colors).size).toBe(256);
  expect(classColor(1)).toBe('var(--c0)');
  expect(classColor(0)).toBe('var(--c11)');
  expect(classColor(12)).toMatch(/^hsl/);
});

test('rows are sorted by numbers, then texts with numbers in them, and keep their order', () => {
  const data = [['b10'], [null], ['b9'], [3], ['a'], [20], ['b9']].map((row, i) => [...row, i]);
  const order = (down: boolean) =>
    tableRows({ columns: ['x', 'n'], data }, '', { column: 0, down }).map((row) => row[1]);
  expect(order(false)).toEqual([3, 5, 4, 2, 6, 0, 1]);
  expect(order(true)).toEqual([0, 2, 6, 4, 5, 3, 1]);
});
