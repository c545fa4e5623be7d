/** A button that opens a floating list; Escape, a click outside or Tab closes it. */

import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useContext, useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from './controls';
import { Docked } from './docked';
import { Icon, type IconName } from './Icon';

interface MenuProps {
  icon: IconName;
  label: string;
  /** What the button says; without it there is only the icon. */
  text?: ComponentChildren;
  small?: boolean;
  wide?: boolean;
  /** Where others open it too. */
  opened?: Signal<boolean>;
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

/** Gives the focus back to the button that opened a list; a dialog that an entry opens takes it then. */
export function focusOpener(opener: HTMLElement | null): void {
  (opener?.closest('button') ?? opener?.querySelector('button'))?.focus();
}

/** Enter in a field of a menu; the button that gets the focus must not take it for a click. */
export const onEnter = (act: () => void) => (event: KeyboardEvent) => {
  if (event.key !== 'Enter') return;
  event.preventDefault();
  act();
};

export function Menu({ icon, label, text, small, wide, opened, children }: MenuProps) {
  const own = useSignal(false);
  const open = opened ?? own;
  const docked = useContext(Docked) && icon === 'more';
  const button = useRef<HTMLSpanElement>(null);
  const close = () => {
    open.value = false;
  };
  const chosen = () => {
    close();
    focusOpener(button.current);
  };
  const toggle = () => {
    open.value = !open.value;
  };
  if (docked) {
    return (
      <fieldset class="menu docked" aria-label={label}>
        {children(() => undefined)}
      </fieldset>
    );
  }
  return (
    <span ref={button}>
      {text ? (
        <button
          type="button"
          class="btn"
          aria-label={label}
          aria-expanded={open.value}
          onClick={toggle}
        >
          <Icon name={icon} />
          {text}
        </button>
      ) : (
        <IconButton
          icon={icon}
          label={label}
          small={small}
          expanded={open.value}
          onClick={toggle}
        />
      )}
      {open.value && (
        <MenuList label={label} wide={wide} anchor={() => button.current} onClose={close}>
          {children(chosen)}
        </MenuList>
      )}
    </span>
  );
}

interface MenuListProps {
  label: string;
  wide?: boolean;
  /** What it hangs below, or holds the button that opened it. */
  anchor(): HTMLElement | null;
  onClose(): void;
  children: ComponentChildren;
}

/** The floating list by itself, for a button that many rows have. */
export function MenuList({ label, wide, anchor, onClose, children }: MenuListProps) {
  const list = useRef<HTMLFieldSetElement>(null);

  useLayoutEffect(() => {
    const menu = list.current!;
    const settle = () => {
      place(menu, anchor()!.getBoundingClientRect());
      if (!menu.contains(document.activeElement))
        menu.querySelector<HTMLElement>('button, a, input, select')?.focus();
    };
    settle();
    const observer = new ResizeObserver(settle); // what it holds may come later
    observer.observe(menu);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const outside = (event: Event) => {
      const target = event.target as Node;
      if (!list.current?.contains(target) && !anchor()?.contains(target)) onClose();
    };
    addEventListener('pointerdown', outside);
    addEventListener('scroll', outside, true);
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('scroll', outside, true);
    };
  }, []);

  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      onClose();
      focusOpener(anchor());
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') moveFocus(event, list.current);
  };

  return (
    <fieldset ref={list} class={`menu ${wide ? 'wide' : ''}`} aria-label={label} onKeyDown={onKey}>
      {children}
    </fieldset>
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
