/** A picture in the large view: the wheel zooms at the pointer, dragging pans, a double click resets. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface Place {
  scale: number;
  /** Of the picture's left upper corner, in CSS pixels. */
  x: number;
  y: number;
}

const WHOLE: Place = { scale: 1, x: 0, y: 0 };
const MOST_SCALE = 64;
const WHEEL_SPEED = 0.002;
const KEY_FACTOR = 1.5;
const KEY_PIXELS = 48;

export function ZoomBox({ label, children }: { label: string; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState(WHOLE);
  const zoomBy = (factor: number, x: number, y: number) =>
    setPlace((now) => inside(zoomed(now, factor, x, y), box.current!));
  const panBy = (x: number, y: number) =>
    setPlace((now) => inside({ ...now, x: now.x + x, y: now.y + y }, box.current!));
  useEffect(() => {
    const element = box.current!;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = element.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY * WHEEL_SPEED);
      zoomBy(factor, event.clientX - left, event.clientY - top);
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);
  const onKey = (event: KeyboardEvent) => {
    const { clientWidth, clientHeight } = box.current!;
    const factor = { '+': KEY_FACTOR, '=': KEY_FACTOR, '-': 1 / KEY_FACTOR }[event.key];
    const pan = ARROWS[event.key];
    if (factor) zoomBy(factor, clientWidth / 2, clientHeight / 2);
    else if (pan) panBy(pan[0] * KEY_PIXELS, pan[1] * KEY_PIXELS);
    else if (event.key === 'Home') setPlace(WHOLE);
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has no keys of its own
    <div
      ref={box}
      class="zoombox"
      role="group"
      aria-label={`${label}: plus and minus zoom, arrow keys move`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys zoom and move it
      tabIndex={0}
      onKeyDown={onKey}
      onDblClick={() => setPlace(WHOLE)}
      onPointerDown={(event) => drag(event, panBy)}
    >
      <div
        class="zoomed"
        style={{ transform: `translate(${place.x}px, ${place.y}px) scale(${place.scale})` }}
      >
        {children}
      </div>
    </div>
  );
}

const ARROWS: Record<string, [x: number, y: number]> = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function drag(event: PointerEvent, panBy: (x: number, y: number) => void): void {
  const grip = event.currentTarget as HTMLElement;
  if (event.button !== 0) return;
  grip.setPointerCapture(event.pointerId);
  grip.onpointermove = (move) => panBy(move.movementX, move.movementY);
  grip.onpointerup = () => {
    grip.onpointermove = null;
  };
}

/** The point under the pointer stays where it is. */
function zoomed({ scale, x, y }: Place, factor: number, atX: number, atY: number): Place {
  const next = Math.min(MOST_SCALE, Math.max(1, scale * factor));
  const share = next / scale;
  return { scale: next, x: atX - (atX - x) * share, y: atY - (atY - y) * share };
}

/** The picture always covers its box. */
function inside({ scale, x, y }: Place, { clientWidth, clientHeight }: HTMLElement): Place {
  const bounded = (value: number, size: number) => Math.min(0, Math.max(size * (1 - scale), value));
  return { scale, x: bounded(x, clientWidth), y: bounded(y, clientHeight) };
}
