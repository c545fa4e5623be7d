/** Times as filters name them, read as the server reads them. */

import type { Json } from '../model/json';

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d:?\d\d)?)?$/;
const MILLISECONDS_FROM = 1e11; // larger numbers would be seconds after the year 5000

/**
 * Milliseconds since the epoch: of ISO 8601 with any offset (UTC where it has none), with a space in
 * place of the T, without seconds, of a date, or of seconds since the epoch; null for all else.
 */
export function utcMillis(value: Json): number | null {
  if (typeof value === 'number') {
    return Math.abs(value) >= MILLISECONDS_FROM ? value : value * 1000;
  }
  const parts = typeof value === 'string' ? ISO.exec(value.trim()) : null;
  if (!parts) return null;
  const [, day, time = '00:00', zone = 'Z'] = parts;
  const millis = Date.parse(`${day}T${time}${withColon(zone)}`);
  return Number.isNaN(millis) ? null : millis;
}

const withColon = (zone: string): string => zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
