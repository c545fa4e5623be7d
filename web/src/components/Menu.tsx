/** A button that opens a floating list; Escape, a click outside or Tab closes it. */

import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from './controls';
import { Icon, type IconName } from './Icon';

interface MenuProps {
  icon: IconName;
  label: string;
  /** What the button says; without it there is only the icon. */
  text?: ComponentChildren;
  small?: boolean;
  wide?: boolean;
  /** Gets the closing function, for entries that are done when they are chosen. */
  children(close: () => void): ComponentChildren;
}

const MARGIN = 8;

function place(menu: HTMLElement, button: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = button.bottom + 4;
  const top = below + height + MARGIN > innerHeight ? button.top - height - 4 : below;
  menu.style.left = `${Math.max(MARGIN, Math.min(button.right - width, innerWidth - width - MARGIN))}px`;
  menu.style.top = `${Math.max(MARGIN, top)}px`;
}

export function Menu({ icon, label, text, small, wide, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLSpanElement>(null);
  const list = useRef<HTMLFieldSetElement>(null);
  const close = () => setOpen(false);

  useLayoutEffect(() => {
    if (!open || !list.current || !root.current) return;
    const button = root.current;
    const menu = list.current;
    const settle = () => {
      place(menu, button.getBoundingClientRect());
      if (!menu.contains(document.activeElement))
        menu.querySelector<HTMLElement>('button, a, input, select')?.focus();
    };
    settle();
    const observer = new ResizeObserver(settle); // what it holds may come later
    observer.observe(menu);
    return () => observer.disconnect();
  }, [open]);

  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) close();
    };
    addEventListener('pointerdown', outside);
    addEventListener('scroll', outside, true);
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('scroll', outside, true);
    };
  }, [open]);

  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && open) {
      event.stopPropagation();
      close();
      root.current?.querySelector('button')?.focus();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') moveFocus(event, list.current);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only closes what the button has opened
    <span ref={root} onKeyDown={onKey}>
      {text ? (
        <button
          type="button"
          class="btn"
          aria-label={label}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Icon name={icon} />
          {text}
        </button>
      ) : (
        <IconButton
          icon={icon}
          label={label}
          small={small}
          expanded={open}
          onClick={() => setOpen(!open)}
        />
      )}
      {open && (
        <fieldset ref={list} class={`menu ${wide ? 'wide' : ''}`} aria-label={label}>
          {children(close)}
        </fieldset>
      )}
    </span>
  );
}

/** Up and down go through the buttons; in a select or field they mean what they always mean. */
function moveFocus(event: KeyboardEvent, list: HTMLElement | null): void {
  const items = [...(list?.querySelectorAll<HTMLElement>('button, a') ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  event.preventDefault();
  const step = event.key === 'ArrowDown' ? 1 : -1;
  items[(at + step + items.length) % items.length].focus();
}
