import { expect, test } from 'vitest';
import { ansiSpans, plainText } from '../src/math/ansi';

const E = '\u001b';

test('colours and attributes become classes until they are reset', () => {
  expect(ansiSpans(`${E}[1;31mred${E}[0m plain ${E}[92mlight${E}[39m.`)).toEqual([
    { text: 'red', style: 'bold f1' },
    { text: ' plain ', style: '' },
    { text: 'light', style: 'f10' },
    { text: '.', style: '' },
  ]);
});

test('256 colours and true colours take the nearest of the sixteen', () => {
  expect(ansiSpans(`${E}[38;5;196mx${E}[38;2;0;0;230my${E}[48;5;232mz`)).toEqual([
    { text: 'x', style: 'f9' },
    { text: 'y', style: 'f4' },
    { text: 'z', style: 'f4 g0' },
  ]);
});

test('an empty parameter is a reset, other sequences leave no trace', () => {
  const line = `${E}[2K${E}[4mA${E}[mB${E}]8;;http://x${E}\\C`;
  expect(ansiSpans(line)).toEqual([
    { text: 'A', style: 'underline' },
    { text: 'B', style: '' },
    { text: 'C', style: '' },
  ]);
  expect(plainText(line)).toBe('ABC');
});
