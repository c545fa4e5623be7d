/** The place of a panel in the grid: dragged by its header, resized at its corner. */

import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { fullPanel } from '../../state/fullPanel';
import { movePanel, type PanelSize, panelSizes, setSize } from '../../state/view/layout';
import { useInSight } from '../../state/workspace/hooks';
import { shownColumns } from '../../state/workspace/screen';
import { Docked } from '../widgets/docked';
import { PlaceId, useFullScreen } from './FullScreen';
import { NEAR_PIXELS } from './Panel';
import './place.css';

interface PanelPlaceProps {
  id: string;
  section: string;
  /** All panels of the section in their order. */
  ids(): string[];
  /** Twice the width, as long as the user has not chosen another. */
  wide?: boolean;
  children: ComponentChildren;
}

const DRAG_PIXELS = 6;
const CONTROLS = 'button, a, input, select, textarea, .menu';

export function PanelPlace({ id, section, ids, wide, children }: PanelPlaceProps) {
  const place = useRef<HTMLDivElement>(null);
  const near = useInSight(place, NEAR_PIXELS);
  const full = fullPanel.value === id;
  useFullScreen(place, full);
  const size = panelSizes.value.get(id);
  const span = Math.min(size?.span ?? 1, shownColumns.value);
  const style = { '--h': size && `${size.heightPixels}px`, gridColumn: size && `span ${span}` };
  const move = (target: string) => movePanel(section, ids(), id, target);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Alt and an arrow move it by keyboard
    <div
      ref={place}
      class={`place ${wide ? 'span2' : ''} ${full ? 'full' : ''}`}
      data-panel={id}
      data-section={section}
      style={style}
      onPointerDown={(event) => startDrag(event, place.current!, move)}
      onKeyDown={(event) => onKey(event, place.current!, ids(), move)}
    >
      <PlaceId.Provider value={id}>
        <Docked.Provider value={full}>
          {near || full ? children : <div class="panel" />}
        </Docked.Provider>
      </PlaceId.Provider>
      <Corner id={id} place={place} />
    </div>
  );
}

/** Alt with an arrow moves the panel that has the focus; Alt, Shift and an arrow resize it. */
function onKey(
  event: KeyboardEvent,
  place: HTMLElement,
  ids: string[],
  move: (to: string) => void,
): void {
  const id = place.dataset.panel!;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!event.altKey || !step) return;
  event.preventDefault();
  if (event.shiftKey) {
    const { span, heightPixels } = panelSizes.peek().get(id) ?? sizeNow(place);
    setSize(id, { span: span + step, heightPixels }, 'push');
    return;
  }
  const target = ids[ids.indexOf(id) + step];
  if (target) move(target);
}

const columnPixels = (place: HTMLElement): number =>
  place.parentElement!.clientWidth / shownColumns.peek();

/** The size that the style sheet gives a panel, which is not the same for all. */
function sizeNow(place: HTMLElement): PanelSize {
  const span = Math.round(place.clientWidth / columnPixels(place));
  return { span, heightPixels: place.clientHeight };
}

/** Drags a panel by its header to the place of another one of the same section. */
function startDrag(event: PointerEvent, place: HTMLElement, move: (target: string) => void): void {
  const from = event.target as HTMLElement;
  if (event.button !== 0 || !from.closest('.panelhead') || from.closest(CONTROLS)) return;
  const drag = { x: event.clientX, y: event.clientY, target: null as HTMLElement | null };
  const onMove = (now: PointerEvent) => {
    const far = Math.hypot(now.clientX - drag.x, now.clientY - drag.y) > DRAG_PIXELS;
    if (!far && !place.classList.contains('moved')) return;
    place.classList.add('moved');
    mark(drag, placeUnder(now, place.dataset.section!));
  };
  const end = (now: Event) => {
    removeEventListener('pointermove', onMove);
    removeEventListener('pointerup', end);
    removeEventListener('pointercancel', end);
    place.classList.remove('moved');
    const target = drag.target?.dataset.panel;
    mark(drag, null);
    if (target && now.type === 'pointerup') move(target);
  };
  addEventListener('pointermove', onMove);
  addEventListener('pointerup', end);
  addEventListener('pointercancel', end);
}

function placeUnder(event: PointerEvent, section: string): HTMLElement | null {
  const under = document.elementFromPoint(event.clientX, event.clientY);
  const place = under?.closest<HTMLElement>('.place[data-panel]') ?? null;
  return place?.dataset.section === section ? place : null;
}

function mark(drag: { target: HTMLElement | null }, next: HTMLElement | null): void {
  drag.target?.classList.remove('target');
  next?.classList.add('target');
  drag.target = next;
}

interface CornerProps {
  id: string;
  place: { current: HTMLDivElement | null };
}

/** Dragged to columns and height; double click gives the usual size back. */
function Corner({ id, place }: CornerProps) {
  const start = (event: PointerEvent) => {
    const grip = event.currentTarget as HTMLElement;
    event.stopPropagation();
    grip.setPointerCapture(event.pointerId);
    const { left, top } = place.current!.getBoundingClientRect();
    const column = columnPixels(place.current!);
    let mode: 'push' | 'replace' = 'push';
    grip.onpointermove = (move) => {
      const wanted = Math.max(1, Math.round((move.clientX - left) / column));
      const columns = Math.min(shownColumns.peek(), wanted);
      setSize(id, { span: columns, heightPixels: move.clientY - top }, mode);
      mode = 'replace';
    };
    grip.onpointerup = () => {
      grip.onpointermove = null;
    };
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Alt, Shift and an arrow do it by keyboard
    <span
      class="corner"
      title="Drag to resize; double click for the usual size"
      onPointerDown={start}
      onDblClick={() => setSize(id, null, 'push')}
    />
  );
}
