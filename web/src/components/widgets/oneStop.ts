/** A list of rows with controls as one Tab stop: arrow keys go through rows and controls. */

import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

const CONTROLS = 'button, a, input';

const controlsOf = (row: Element): HTMLElement[] => [
  ...row.querySelectorAll<HTMLElement>(CONTROLS),
];

/**
 * Of all controls in the rows (elements that fit `rows` inside the box) only the one that had the
 * focus last can be reached by Tab, before that the first one.
 */
export function useOneStop(box: RefObject<HTMLElement | null>, rows: string): void {
  useLayoutEffect(() => {
    keepOne(box.current!, rows);
  });
  useLayoutEffect(() => {
    const element = box.current!;
    const onKey = (event: KeyboardEvent) => move(event, element, rows);
    const onFocus = ({ target }: FocusEvent) => {
      if (!(target instanceof HTMLElement) || !target.closest(rows)) return;
      for (const other of element.querySelectorAll('[data-stop]')) delete dataOf(other).stop;
      target.dataset.stop = '';
      keepOne(element, rows);
    };
    element.addEventListener('keydown', onKey);
    element.addEventListener('focusin', onFocus);
    return () => {
      element.removeEventListener('keydown', onKey);
      element.removeEventListener('focusin', onFocus);
    };
  }, [rows]);
}

const dataOf = (element: Element): DOMStringMap => (element as HTMLElement).dataset;

function keepOne(box: HTMLElement, rows: string): void {
  const all = [...box.querySelectorAll(rows)].flatMap(controlsOf);
  const stop = all.find((control) => 'stop' in control.dataset) ?? all[0];
  for (const control of all) {
    const wanted = control === stop ? 0 : -1;
    if (control.tabIndex !== wanted) control.tabIndex = wanted;
  }
}

const STEPS: Record<string, [row: number, control: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

function move(event: KeyboardEvent, box: HTMLElement, rows: string): void {
  const step = STEPS[event.key];
  const target = event.target as HTMLElement;
  const row = target.closest(rows);
  if (!step || !row || event.altKey || event.ctrlKey || event.metaKey || isText(target)) return;
  event.preventDefault();
  event.stopPropagation();
  const all = [...box.querySelectorAll(rows)];
  const next = all[all.indexOf(row) + step[0]] ?? row;
  const at = controlsOf(row).indexOf(target) + step[1];
  const controls = controlsOf(next);
  const focused = controls[Math.max(0, Math.min(controls.length - 1, at))];
  focused?.focus({ preventScroll: true });
  focused?.scrollIntoView({ block: 'nearest' });
}

const isText = (element: HTMLElement): boolean =>
  element.matches('input:not([type=checkbox]), textarea');
