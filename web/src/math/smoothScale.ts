/**
 * The slider of a smoothing: from 0 to 1 in even steps of effect, each of them making the average
 * longer by the same factor. The amounts themselves keep their meaning (those of W&B).
 */

import type { SmoothingKind } from '../model/types';

interface Scale {
  /** How far is averaged just after the slider's start and at its end, in the kind's own unit. */
  shortest: number;
  longest: number;
  toAmount(length: number): number;
  toLength(amount: number): number;
}

const same = (value: number): number => value;

/**
 * Of the time-weighted average: thousandths of the range of x after which a value counts e times
 * less. Shorter ones than the first change nothing on lines of a hundred points.
 */
const SCALES: Record<Exclude<SmoothingKind, 'none'>, Scale> = {
  twema: {
    shortest: 4,
    longest: 1000,
    toAmount: (length) => Math.exp(-2 / length),
    toLength: (amount) => -2 / Math.log(amount),
  },
  ema: {
    shortest: 1,
    longest: 1000,
    toAmount: (points) => 1 - 1 / points,
    toLength: (amount) => 1 / (1 - amount),
  },
  gaussian: { shortest: 0.5, longest: 100, toAmount: same, toLength: same },
  average: { shortest: 1, longest: 200, toAmount: Math.round, toLength: same },
};

/** The amount at a place of the slider; its very start smooths nothing. */
export function amountAt(kind: SmoothingKind, place: number): number {
  if (kind === 'none') return 0;
  const { shortest, longest, toAmount } = SCALES[kind];
  if (place <= 0) return kind === 'average' ? 1 : 0;
  return toAmount(shortest * (longest / shortest) ** Math.min(1, place));
}

/** Where an amount is on the slider, from 0 to 1; what was typed may lie beyond its ends. */
export function placeOf(kind: SmoothingKind, amount: number): number {
  if (kind === 'none' || !(amount > 0)) return 0;
  const { shortest, longest, toLength } = SCALES[kind];
  const place = Math.log(toLength(amount) / shortest) / Math.log(longest / shortest);
  return Math.min(1, Math.max(0, place));
}

/**
 * How many points a plain mean must have to be as smooth: of noise it leaves the same variance.
 * `points` are those of a line of evenly spaced points over the whole range of x.
 */
export function averagedPoints(kind: SmoothingKind, amount: number, points: number): number {
  if (kind === 'none' || !(amount > 0)) return 1;
  if (kind === 'average') return Math.max(1, amount);
  if (kind === 'gaussian') return Math.max(1, 2 * Math.sqrt(Math.PI) * amount);
  const kept = kind === 'ema' ? amount : keptByPoint(amount, points);
  return Math.min(points, (1 + kept) / (1 - kept));
}

/** What the time-weighted average keeps of the past from one point to the next. */
function keptByPoint(amount: number, points: number): number {
  const weight = Math.min(Math.sqrt(amount), 0.999);
  return points > 1 ? weight ** (1000 / (points - 1)) : 0;
}
