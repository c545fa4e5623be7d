/** Durations as people type them: `90`, `90s`, `2h`, `1h 30m`, `1:30:00`, `1d 2h`. */

const UNIT_SECS: Record<string, number> = {
  ms: 0.001,
  s: 1,
  sec: 1,
  secs: 1,
  m: 60,
  min: 60,
  mins: 60,
  h: 3600,
  hr: 3600,
  hrs: 3600,
  d: 86400,
  day: 86400,
  days: 86400,
  w: 604800,
};

/** Seconds, or null for what is no duration. A bare number counts seconds. */
export function parseDuration(text: string): number | null {
  const typed = text.trim().toLowerCase().replace('−', '-');
  if (/^-/.test(typed)) return null;
  return clock(typed) ?? plain(typed) ?? units(typed);
}

function plain(text: string): number | null {
  const digits = text.replaceAll(',', '');
  return /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(digits) ? Number(digits) : null;
}

/** `1:30:00` hours, minutes, seconds; `5:00` minutes, seconds. */
function clock(text: string): number | null {
  const found = /^(?:(\d+):)?(\d+):([0-5]?\d(?:\.\d+)?)$/.exec(text);
  if (!found) return null;
  const [hours, minutes, seconds] = [found[1] ?? '0', found[2], found[3]].map(Number);
  return found[1] !== undefined && minutes > 59 ? null : 3600 * hours + 60 * minutes + seconds;
}

function units(text: string): number | null {
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)\s*([a-z]+)/g)];
  const rest = parts.reduce((left, [part]) => left.replace(part, ''), text).trim();
  if (parts.length === 0 || rest !== '' || parts.some(([, , unit]) => !UNIT_SECS[unit]))
    return null;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNIT_SECS[unit], 0);
}
