/** Importance of settings: trees and forest against scikit-learn, correlations against scipy. */

import { describe, expect, it } from 'vitest';
import { pearson, spearman } from '../src/math/correlation';
import { bootstraps, growForest, randomFrom } from '../src/math/forest';
import { importanceOf, refusal, type Setting } from '../src/math/importance';
import golden from './golden/forest.json';
import { expectNear } from './near';

const columnsOf = (lists: number[][]) => lists.map((list) => Float64Array.from(list));
/** Two forests of other draws: scikit-learn's 2,000 trees and ours. */
const OTHER_DRAWS = 0.04;

describe('a forest', () => {
  it.each(golden.exact)('on given draws is that of scikit-learn (leaf $leaf)', (wanted) => {
    const draws = wanted.draws.map((draw) => Uint32Array.from(draw));
    const target = Float64Array.from(wanted.target);
    const columns = columnsOf(wanted.columns);
    const found = growForest(columns, target, draws, wanted.leaf, randomFrom(1));
    expectNear(found.importance, wanted.importance);
    expectNear([found.score], [wanted.score]);
  });

  it('with draws of its own comes near to RandomForestRegressor', () => {
    const { columns, target, importance, score } = golden.whole;
    const random = randomFrom(1);
    const draws = bootstraps(target.length, 300, random);
    const found = growForest(columnsOf(columns), Float64Array.from(target), draws, 1, random);
    importance.forEach((value, i) => {
      expect(Math.abs(found.importance[i] - value)).toBeLessThan(OTHER_DRAWS);
    });
    expect(Math.abs(found.score - score)).toBeLessThan(OTHER_DRAWS);
  });

  it('gives columns that are the same about the same importance', () => {
    const values = Float64Array.from({ length: 40 }, (_, i) => (i * 7) % 40);
    const random = randomFrom(1);
    const draws = bootstraps(40, 200, random);
    const { importance } = growForest([values, values], values, draws, 1, random);
    expect(importance[0]).toBeCloseTo(0.5, 1);
  });

  it('of a target that does not vary has no importance and no score', () => {
    const same = new Float64Array(10).fill(3);
    const random = randomFrom(1);
    const columns = [Float64Array.from(same, (_, i) => i)];
    const found = growForest(columns, same, bootstraps(10, 5, random), 1, random);
    expect([...found.importance]).toEqual([0]);
    expect(found.score).toBeNaN();
  });
});

it('correlations are those of scipy, with ties too', () => {
  const { columns, target } = golden.whole;
  expectNear(
    columns.map((column) => pearson(column, target)),
    golden.whole.pearson,
  );
  expectNear(
    columns.map((column) => spearman(column, target)),
    golden.whole.spearman,
  );
  expect(pearson([1, 1, 1], [1, 2, 3])).toBeNaN();
});

const numbers = (from: number, to: number) =>
  Array.from({ length: 12 }, (_, i) => from + ((to - from) * ((i * 5) % 12)) / 11);
const target = Float64Array.from(numbers(0, 1));
const setting = (name: string, values: Setting['values']): Setting => ({ name, values });
const words = target.map((_, i) => i % 3);
const SETTINGS = [
  setting('lr', numbers(0.1, 0.9)),
  setting(
    'optimizer',
    [...words].map((word) => ['adam', 'sgd', null][word]),
  ),
  setting('epochs', new Array(12).fill(5)),
  setting(
    'folder',
    [...words].map((_, i) => `out/${i}`),
  ),
];

describe('importance of settings', () => {
  const found = importanceOf(SETTINGS, target);

  it('adds up to one and is led by the setting that makes the result', () => {
    expect(found.factors.map(({ name }) => name)).toEqual(['lr', 'optimizer']);
    expect(found.factors.reduce((sum, { importance }) => sum + importance, 0)).toBeCloseTo(1, 12);
    expect(found.factors[0].importance).toBeGreaterThan(0.8);
    expect(found.factors[0].spearman).toBeCloseTo(1, 12);
  });

  it('takes a text value by value, not set being one of them', () => {
    const { values, runs } = found.factors[1];
    expect(values.map(({ name }) => name).sort()).toEqual(['adam', 'not set', 'sgd']);
    expect(runs).toBe(8);
    const adam = values.find(({ name }) => name === 'adam')!;
    const isAdam = [...words].map((word) => Number(word === 0));
    expect(adam.pearson).toBeCloseTo(pearson(isAdam, target), 12);
  });

  it('leaves out what is constant and what each run has to itself', () => {
    expect(found.constant).toEqual(['epochs']);
    expect(found.wordy).toEqual(['folder']);
  });

  it('is the same each time', () => {
    expect(importanceOf(SETTINGS, target)).toEqual(found);
  });

  it('a missing number is no part of the correlation', () => {
    const holes = [...target].map((value, i) => (i < 3 ? null : value));
    const [factor] = importanceOf([setting('lr', holes)], target).factors;
    expect(factor.pearson).toBeCloseTo(1, 12);
    expect(factor.runs).toBe(9);
  });

  it('is refused with few runs, a constant result or settings that do not differ', () => {
    expect(refusal(SETTINGS, target, 12)).toBeNull();
    expect(refusal(SETTINGS, target.slice(0, 7), 9)).toContain('7 of 9');
    expect(refusal(SETTINGS, new Float64Array(12), 12)).toContain('same in all 12');
    expect(refusal(SETTINGS.slice(2), target, 12)).toContain('No setting differs');
  });
});
