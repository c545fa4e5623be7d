/**
 * The column at the left of a page: its width is dragged, and remembered in this browser. As long as
 * nobody has chosen one, it depends on the room that there is.
 */

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { remember, remembered } from '../../state/memory';

/** That somebody has chosen; null before. */
export const sidebarWidth = signal(Number(remembered('sidebar')) || null);

const WIDTHS = { least: 232, most: 720, usual: 320 };

interface SidebarProps {
  open: boolean;
  label: string;
  class?: string;
  children: ComponentChildren;
}

export function Sidebar({ open, label, class: more = '', children }: SidebarProps) {
  const width = sidebarWidth.value;
  const box = useRef<HTMLElement>(null);
  const resize = (to: number) => {
    const next = Math.min(WIDTHS.most, Math.max(WIDTHS.least, Math.round(to)));
    sidebarWidth.value = next;
    remember('sidebar', String(next));
  };
  const drag = (event: PointerEvent) => {
    const grip = event.currentTarget as HTMLElement;
    grip.setPointerCapture(event.pointerId);
    const left = box.current!.getBoundingClientRect().left;
    grip.onpointermove = (move) => resize(move.clientX - left);
    grip.onpointerup = () => {
      grip.onpointermove = null;
    };
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
    if (step) resize(box.current!.offsetWidth + step);
  };
  return (
    <aside
      ref={box}
      class={`side ${open ? 'open' : ''} ${more}`}
      style={{ '--side': width === null ? undefined : `${width}px` }}
      aria-label={label}
    >
      {children}
      {/* biome-ignore lint/a11y/useSemanticElements: a separator that moves is no hr */}
      <div
        class="grip"
        role="separator"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label="Width of the list"
        aria-valuenow={width ?? WIDTHS.usual}
        aria-valuemin={WIDTHS.least}
        aria-valuemax={WIDTHS.most}
        onPointerDown={drag}
        onKeyDown={onKey}
      />
    </aside>
  );
}
