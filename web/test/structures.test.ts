import { expect, test } from 'vitest';
import { BOX, layered, readGraph } from '../src/math/graph';
import { concatenated, joined } from '../src/math/table';

const graphOf = (names: string, edges: string[]) =>
  readGraph({ nodes: [...names].map((id) => ({ id })), edges: edges.map((edge) => [...edge]) });

test('a node stands below all that lead to it, whichever way they take', () => {
  const { boxes } = layered(graphOf('abcd', ['ab', 'bc', 'cd', 'ad']));
  expect([...boxes].sort((a, b) => a.y - b.y)).toEqual(boxes);
  expect(new Set(boxes.map(({ y }) => y)).size).toBe(4);
});

test('nodes of one row keep apart, and an edge passes beside those it skips', () => {
  const { boxes, paths } = layered(graphOf('abcd', ['ab', 'ac', 'bd', 'ad']));
  expect(Math.abs(boxes[1].x - boxes[2].x)).toBeGreaterThanOrEqual(BOX.width);
  const [from, to] = [boxes[1].x, boxes[1].x + BOX.width];
  const passing = Number(/C\S+ \S+ (\S+)/.exec(paths[3])?.[1]);
  expect(passing < from || passing > to).toBe(true);
});

test('circles and edges to nowhere end', () => {
  const { boxes, paths } = layered(graphOf('ab', ['ab', 'ba', 'aa', 'az']));
  expect(boxes).toHaveLength(2);
  expect(paths).toHaveLength(3);
  expect(layered(graphOf('', [])).height).toBe(0);
});

test('parameters are one number or one for each, and shapes may be open', () => {
  const { nodes } = readGraph({
    nodes: [
      { id: 1, name: 'a.b', num_parameters: [4, 2], output_shape: [null, 3] },
      { id: 2, num_parameters: 7 },
    ],
  });
  expect(nodes.map(({ count }) => count)).toEqual([6, 7]);
  expect(nodes[0]).toMatchObject({ depth: 1, output: '? × 3' });
});

test('tables are joined by a column of another name, each match in a row', () => {
  const first = { columns: ['k', 'v'], data: [['a', 1]] };
  const second = {
    columns: ['v', 'key'],
    data: [
      [2, 'a'],
      [3, 'a'],
    ],
  };
  expect(joined(first, second, ['k', 'key'])).toEqual({
    columns: ['k', 'v (1)', 'v (2)'],
    data: [
      ['a', 1, 2],
      ['a', 1, 3],
    ],
  });
  expect(() => joined(first, second, ['none'])).toThrow('"none", which is no column');
  expect(concatenated([]).data).toEqual([]);
});

test('tables below each other keep each value under the name of its column', () => {
  const parts = [
    { columns: ['a', 'b'], data: [[1, 2]] },
    { columns: ['b', 'c', 'a', 'a'], data: [[3, 4, 5, 6]] },
    { columns: [], data: [[]] },
  ];
  expect(concatenated(parts)).toEqual({
    columns: ['a', 'b', 'c', 'a'],
    data: [
      [1, 2, null, null],
      [5, 3, 4, 6],
      [null, null, null, null],
    ],
  });
});
