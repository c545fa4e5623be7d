/** The column at the left of a page: its width is dragged, and remembered in this browser. */

import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { remember, remembered } from '../../state/memory';

const WIDTHS = { least: 232, most: 480, usual: 320 };

interface SidebarProps {
  open: boolean;
  label: string;
  class?: string;
  children: ComponentChildren;
}

export function Sidebar({ open, label, class: more = '', children }: SidebarProps) {
  const [width, setWidth] = useState(Number(remembered('sidebar')) || WIDTHS.usual);
  const box = useRef<HTMLElement>(null);
  const resize = (to: number) => {
    const next = Math.min(WIDTHS.most, Math.max(WIDTHS.least, Math.round(to)));
    setWidth(next);
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
    if (step) resize(width + step);
  };
  return (
    <aside
      ref={box}
      class={`side ${open ? 'open' : ''} ${more}`}
      style={{ '--side': `${width}px` }}
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
        aria-valuenow={width}
        aria-valuemin={WIDTHS.least}
        aria-valuemax={WIDTHS.most}
        onPointerDown={drag}
        onKeyDown={onKey}
      />
    </aside>
  );
}
