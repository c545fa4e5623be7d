/** Rules of every picture of lines, on a thousand examples each. */

import { expect, test } from 'vitest';
import { momentName, momentText } from '../src/charts/axes';
import { buildModel } from '../src/charts/lines/lineModel';
import {
  type LinePlot,
  MIN_WHISKER_PIXELS,
  momentOf,
  spotAt,
  whiskersOf,
} from '../src/charts/lines/lineMoment';
import { columnText } from '../src/charts/lines/lineTexts';
import { groupLine } from '../src/math/groups';
import { formatValue } from '../src/math/numbers';
import type { Line, LineOptions } from '../src/model/types';
import { randomOf } from './near';

const EXAMPLES = 1000;
const NONE = { min: null, max: null };
const OPTIONS: LineOptions = {
  x: { kind: 'step', log: false, window: NONE },
  y: { log: false, window: NONE, ignoreOutliers: false },
  aggregate: 'mean',
  envelope: true,
  smoothing: { kind: 'none', amount: 0, showOriginal: true },
  xRange: 1000,
  highlighted: null,
};

type Random = () => number;
const whole = (random: Random, most: number) => Math.floor(random() * most);

/** Points of a run, at steps of its own. */
function pointsOf(random: Random): [step: number, value: number][] {
  const every = 1 + whole(random, 7);
  const level = random() * 10;
  const from = whole(random, 40);
  return Array.from({ length: 2 + whole(random, 300) }, (_, i) => {
    const draw = random();
    const value =
      draw < 0.01 ? Number.NaN : draw > 0.99 ? level + 1000 * random() : level + random();
    return [from + i * every, value];
  });
}

function lineOf(points: [number, number][], width: number, label: string): Line {
  const buckets = new Map<number, [number, number][]>();
  for (const point of points) {
    const bucket = Math.floor(point[0] / width);
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), point]);
  }
  const rows = [...buckets].map(([bucket, inside]) => {
    const finite = inside.filter(([, value]) => Number.isFinite(value));
    const broken = inside.filter(([, value]) => !Number.isFinite(value));
    const sorted = [...finite].sort((a, b) => a[1] - b[1]);
    const [first, last] = [inside[0], inside[inside.length - 1]];
    return {
      x: inside.length === 1 ? first[0] : bucket * width + (width - 1) / 2,
      mean: finite.reduce((sum, [, value]) => sum + value, 0) / finite.length,
      min: sorted[0]?.[1] ?? Number.NaN,
      max: sorted.at(-1)?.[1] ?? Number.NaN,
      first: first[1],
      last: last[1],
      count: inside.length,
      finite: finite.length,
      xFirst: first[0],
      xLast: last[0],
      xMin: sorted[0]?.[0] ?? Number.NaN,
      xMax: sorted.at(-1)?.[0] ?? Number.NaN,
      xBad: broken[0]?.[0] ?? Number.NaN,
      nan: broken.length,
      posInf: 0,
      negInf: 0,
    };
  });
  const names = Object.keys(rows[0]) as (keyof (typeof rows)[0])[];
  const columns = Object.fromEntries(
    names.map((name) => [name, Float64Array.from(rows, (row) => row[name])]),
  ) as Record<keyof (typeof rows)[0], Float64Array>;
  const spacing = points.length > 1 ? points[1][0] - points[0][0] : 0;
  return { id: label, label, color: '--c0', dash: [], ...columns, points: points.length, spacing };
}

function plotOf(x: [number, number], y: [number, number], width: number): LinePlot {
  const box = { left: 40, top: 6, width, height: 166 };
  return {
    box,
    toX: (value) => box.left + ((value - x[0]) / (x[1] - x[0])) * width,
    toY: (value) => box.top + (1 - (value - y[0]) / (y[1] - y[0])) * box.height,
    xAt: (pixel) => x[0] + ((pixel - box.left) / width) * (x[1] - x[0]),
  };
}

interface Picture {
  points: [number, number][][];
  lines: ReturnType<typeof buildModel>['lines'];
  plot: LinePlot;
}

function pictureOf(random: Random): Picture {
  const points = Array.from({ length: 1 + whole(random, 3) }, () => pointsOf(random));
  const width = 2 ** whole(random, 5);
  const lines = points.map((own, i) => lineOf(own, width, `run-${i}`));
  const model = buildModel(lines, OPTIONS);
  return { points, lines: model.lines, plot: plotOf(model.x, model.y, 200 + whole(random, 1000)) };
}

test('every drawn extreme can be read: its exact value and step stand in its column', () => {
  for (let seed = 1; seed <= EXAMPLES; seed++) {
    const random = randomOf(seed * 7919);
    const { lines, plot, points } = pictureOf(random);
    for (const item of lines) {
      for (const i of [...whiskersOf(item).max].slice(0, 3)) {
        const { line, original } = item;
        const end = plot.toY(line.max[i]);
        if (!(Math.abs(end - plot.toY(original[i])) > MIN_WHISKER_PIXELS)) continue;
        const spot = spotAt(lines, plot, { x: plot.toX(line.x[i]), y: end })!;
        const at = plot.toX(momentOf(spot, 'step').x);
        const text = columnText(spot.snapped ? [spot.item] : lines, plot, at, OPTIONS);
        const [, value, step] = /max ([\d.]+) at step ([\d,]+)/.exec(text)!;
        expect(Number(value)).toBeGreaterThanOrEqual(line.max[i] * 0.999);
        const logged = spot.item === item ? points[lines.indexOf(item)] : points.flat();
        const named = logged.filter(([own]) => own === Number(step.replaceAll(',', '')));
        expect(named.some(([, own]) => formatValue(own) === value)).toBe(true);
      }
      const bad = item.line.nan.findIndex((count) => count > 0);
      if (bad < 0) continue;
      const text = columnText([item], plot, plot.toX(item.line.x[bad]), OPTIONS);
      expect(text).toContain('NaN');
    }
  }
});

test('one moment, one number: it is a logged step or the range of a bucket, everywhere the same', () => {
  for (let seed = 1; seed <= EXAMPLES; seed++) {
    const random = randomOf(seed * 104729);
    const { points, lines, plot } = pictureOf(random);
    const steps = new Set(points.flat().map(([step]) => step));
    const { box } = plot;
    const point = { x: box.left + random() * box.width, y: box.top + random() * box.height };
    const spot = spotAt(lines, plot, point);
    if (!spot) continue;
    const moment = momentOf(spot, 'step');
    for (const step of moment.range ?? [moment.x]) expect(steps.has(step)).toBe(true);
    const text = momentText('step', moment);
    expect(text).toMatch(/^[\d,]+(–[\d,]+)?$/);
    expect(momentName('step', moment)).toBe(`${moment.range ? 'Steps' : 'Step'} ${text}`);
  }
});

test('an aggregate over runs is of the values that exist together', () => {
  const wrong: unknown[] = [];
  for (let seed = 1; seed <= EXAMPLES; seed++) {
    const random = randomOf(seed * 15485863);
    const levels = Array.from({ length: 2 + whole(random, 4) }, (_, i) => i + random());
    const members = levels.map((level, i) => {
      const own = pointsOf(random).map(([step]): [number, number] => [step, level]);
      return lineOf(own, 1, `run-${i}`);
    });
    const width = 1 + whole(random, 3);
    const style = { id: 'g', label: 'g', color: '--c1', dash: [] };
    const line = groupLine(members, style, { center: 'mean', band: 'minmax' }, () => width);
    line.x.forEach((x, k) => {
      const there = members.flatMap((member, i) => {
        const reach = Math.max(member.spacing, width);
        const [from, to] = [member.x[0] - reach, member.x[member.x.length - 1] + reach];
        return x >= from && x <= to ? [levels[i]] : [];
      });
      const mean = there.reduce((a, b) => a + b, 0) / there.length;
      const got = [line.group!.members[k], line.mean[k], line.min[k], line.max[k]];
      const wanted = [there.length, mean, Math.min(...there), Math.max(...there)];
      if (got.some((value, i) => Math.abs(value - wanted[i]) > 1e-9))
        wrong.push({ seed, x, got, wanted });
    });
  }
  expect(wrong).toEqual([]);
});
