/** Where the focus goes when what holds it is about to be removed. */

const FOCUSABLE =
  'button:not([disabled]), a[href], input:not([disabled]), select:not([disabled]), [tabindex="0"]';

/** The siblings from the nearest on. */
function siblings(element: Element, step: 'next' | 'previous'): Element[] {
  const found: Element[] = [];
  const after = (one: Element) =>
    step === 'next' ? one.nextElementSibling : one.previousElementSibling;
  for (let one = after(element); one; one = after(one)) found.push(one);
  return found;
}

function firstFocusable(elements: Element[]): HTMLElement | null {
  for (const one of elements) {
    const found = one.matches(FOCUSABLE) ? one : one.querySelector(FOCUSABLE);
    if (found) return found as HTMLElement;
  }
  return null;
}

/**
 * Before the element around the focus goes: the focus is given to the next one of its kind, else to
 * the one before, else to anything beside it, else to `last`.
 */
export function yieldFocus(kind: string, last?: string): void {
  const going = document.activeElement?.closest(kind);
  if (!going) return;
  const [next, before] = [siblings(going, 'next'), siblings(going, 'previous')];
  const alike = [...next, ...before].filter((one) => one.matches(kind));
  const target =
    firstFocusable([...alike, ...before, ...next]) ??
    (last ? document.querySelector<HTMLElement>(last) : null);
  target?.focus();
}
