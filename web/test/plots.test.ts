import { expect, test } from 'vitest';
import { plotSpecs } from '../src/math/plotSpecs';
import { areaUnder, binEdges, binned, curvesOf, matrixOf, rowShares } from '../src/math/plots';

test('a chart names its table in the query of its specification', () => {
  const query = { queryFields: [{ args: [{ name: 'tableKey', value: 'Tables/loss_table' }] }] };
  const panel_config = {
    panelDefId: 'wandb/line/v0',
    fieldSettings: { x: 'epoch', stroke: null },
    userQuery: query,
  };
  const [spec] = plotSpecs({ _wandb: { visualize: { loss: { panel_config } } } });
  expect(spec).toMatchObject({ key: 'loss', tableKey: 'Tables/loss_table' });
  expect(spec.fields).toEqual({ x: 'epoch' });
});

test('what is no specification is passed over', () => {
  expect(plotSpecs({})).toEqual([]);
  expect(plotSpecs({ _wandb: { visualize: { a: 3, b: { panel_config: {} } }, viz: [] } })).toEqual(
    [],
  );
});

test('points that share x keep the order in which they were logged', () => {
  const data = [
    [1, 0.9],
    [0, 0],
    [0, 0.5],
    ['NaN', 1],
  ];
  const { curves, left } = curvesOf({ columns: ['x', 'y'], data }, [0, 1, -1]);
  expect(Array.from(curves[0].y)).toEqual([0, 0.5, 0.9]);
  expect(left).toBe(1);
  expect(areaUnder(curves[0])).toBeCloseTo(0.7);
});

test('every value lies in one bin, the largest in the last', () => {
  const values = Float64Array.from({ length: 101 }, (_, i) => i / 100);
  const edges = binEdges([values]);
  const { counts } = binned(values, edges, 0);
  expect(edges[0]).toBe(0);
  expect(edges[edges.length - 1]).toBe(1);
  expect(counts.reduce((a, b) => a + b)).toBe(101);
  expect(Array.from(counts.slice(0, 2))).toEqual([10, 10]);
  expect(counts[counts.length - 1]).toBe(11);
});

test('one value makes one bin', () => {
  const values = Float64Array.of(3, 3);
  expect(Array.from(binned(values, binEdges([values]), 0).counts)).toEqual([2]);
});

test('pairs of classes that come twice are added, rows without any are 0', () => {
  const data = [
    ['a', 'a', 2],
    ['a', 'b', 1],
    ['b', 'b', 0],
    ['a', 'a', 1],
  ];
  const matrix = matrixOf({ columns: ['Actual', 'Predicted', 'n'], data }, [0, 1, 2]);
  expect(Array.from(matrix.counts)).toEqual([3, 1, 0, 0]);
  expect(Array.from(rowShares(matrix))).toEqual([0.75, 0.25, 0, 0]);
});
