/** Small choices of this browser that are no part of a link: theme, width of the sidebar. */

const PREFIX = 'lossboard.';

/** Browsers may forbid storage; then a choice lasts as long as the page. */
function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

export const remembered = (name: string): string | null =>
  storage()?.getItem(PREFIX + name) ?? null;

export function remember(name: string, value: string | null): void {
  if (value === null) storage()?.removeItem(PREFIX + name);
  else storage()?.setItem(PREFIX + name, value);
}
