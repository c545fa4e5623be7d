/** A list of any length: only the rows that are in sight exist. */

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useOneStop } from './oneStop';

interface VirtualRowsProps<T> {
  items: T[];
  height: number;
  label: string;
  class?: string;
  style?: Record<string, string>;
  /** Keeps the end in sight while the list grows, as long as the user is there. */
  follow?: boolean;
  row(item: T, top: number, index: number): ComponentChildren;
}

const OVERSCAN = 8;

export function VirtualRows<T>(props: VirtualRowsProps<T>) {
  const { items, height, label, follow, row } = props;
  const box = useRef<HTMLElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const atEnd = useRef(true);
  useOneStop(box, '.spacer > *');

  const measure = () => {
    const { scrollTop, clientHeight, scrollHeight } = box.current!;
    atEnd.current = scrollTop + clientHeight >= scrollHeight - 2 * height;
    setView({ top: scrollTop, height: clientHeight });
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (follow) atEnd.current = true;
  }, [follow]);
  useLayoutEffect(() => {
    if (follow && atEnd.current) box.current!.scrollTop = box.current!.scrollHeight;
  }, [items.length, follow]);

  const from = Math.max(0, Math.floor(view.top / height) - OVERSCAN);
  const to = Math.min(items.length, Math.ceil((view.top + view.height) / height) + OVERSCAN);
  return (
    <section
      ref={box}
      class={`rows ${props.class ?? ''}`}
      style={props.style}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
      tabIndex={0}
      onScroll={measure}
    >
      <div class="spacer" style={{ height: `${items.length * height}px` }}>
        {items.slice(from, to).map((item, i) => row(item, (from + i) * height, from + i))}
      </div>
    </section>
  );
}
