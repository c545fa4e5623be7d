/** Charts over events in words, for people who don't see them. */

import { counted, formatShort } from '../math/numbers';

/** A histogram view: what it shows over which events. */
export function describeEvents(
  view: string,
  label: string,
  events: number,
  first: number,
  last: number,
): string {
  if (events === 0) return `${view} of ${label} without data.`;
  const steps = `steps ${formatShort(first)} to ${formatShort(last)}`;
  return `${view} of ${label}: ${counted(events, 'histogram')}, ${steps}.`;
}
