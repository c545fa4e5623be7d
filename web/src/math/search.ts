/** Binary search in ordered arrays. */

/** Index of the last element <= value, or -1. */
export function lastAtOrBefore(ordered: ArrayLike<number>, value: number): number {
  let lo = 0;
  let hi = ordered.length;
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if (ordered[middle] <= value) lo = middle + 1;
    else hi = middle;
  }
  return lo - 1;
}

/** Index of the element nearest to value, the earlier one of two; -1 for an empty array. */
export function nearestIndex(ordered: ArrayLike<number>, value: number): number {
  const before = lastAtOrBefore(ordered, value);
  if (before < 0) return ordered.length > 0 ? 0 : -1;
  if (before === ordered.length - 1) return before;
  return value - ordered[before] <= ordered[before + 1] - value ? before : before + 1;
}

/** A regular expression that finds just this text. */
export const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
