/** Mouse, pen, finger, wheel and keys of a scene. */

import type { Orbit } from './orbit';

const TURN_PER_PIXEL = 0.008;
const TURN_PER_KEY = 0.12;
const MOVE_PER_KEY = 0.05;
const ZOOM_PER_KEY = 0.85;
const ZOOM_PER_WHEEL_PIXEL = 0.0015;

const ARROWS: Record<string, [right: number, down: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Lets the canvas steer the camera; returns how to end that. */
export function steer(canvas: HTMLCanvasElement, orbit: Orbit, changed: () => void): () => void {
  const end = new AbortController();
  const { signal } = end;
  const on = <Name extends keyof HTMLElementEventMap>(
    name: Name,
    listener: (event: HTMLElementEventMap[Name]) => void,
  ) => canvas.addEventListener(name, listener, { signal, passive: false });

  let last = { x: 0, y: 0 };
  on('pointerdown', (event) => {
    last = event;
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
  });
  on('pointermove', (event) => {
    if (event.buttons === 0 || !canvas.hasPointerCapture(event.pointerId)) return;
    const [right, down] = [event.x - last.x, event.y - last.y];
    last = event;
    if (event.buttons === 1 && !event.shiftKey)
      orbit.turnBy(-right * TURN_PER_PIXEL, down * TURN_PER_PIXEL);
    else orbit.moveBy(right / canvas.clientHeight, down / canvas.clientHeight);
    changed();
  });
  on('contextmenu', (event) => event.preventDefault());
  on('dblclick', () => {
    orbit.reset();
    changed();
  });
  // The wheel belongs to the page until the scene has been clicked.
  on('wheel', (event) => {
    if (document.activeElement !== canvas && !event.ctrlKey) return;
    event.preventDefault();
    orbit.zoomBy(Math.exp(event.deltaY * ZOOM_PER_WHEEL_PIXEL));
    changed();
  });
  on('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !press(orbit, event)) return;
    event.preventDefault();
    event.stopPropagation();
    changed();
  });
  return () => end.abort();
}

/** Whether the key means something here. */
function press(orbit: Orbit, { key, shiftKey }: KeyboardEvent): boolean {
  const arrow = ARROWS[key];
  if (arrow && shiftKey) orbit.moveBy(arrow[0] * MOVE_PER_KEY, arrow[1] * MOVE_PER_KEY);
  else if (arrow) orbit.turnBy(arrow[0] * TURN_PER_KEY, -arrow[1] * TURN_PER_KEY);
  else if (key === '+' || key === '=') orbit.zoomBy(ZOOM_PER_KEY);
  else if (key === '-') orbit.zoomBy(1 / ZOOM_PER_KEY);
  else if (key === 'Home' || key === '0') orbit.reset();
  else return false;
  return true;
}
