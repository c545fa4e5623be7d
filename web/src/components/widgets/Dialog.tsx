import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface DialogProps {
  open: Signal<boolean>;
  label: string;
  class?: string;
  children: ComponentChildren;
}

/** A modal dialog of the browser: it keeps the focus inside and gives it back. */
export function Dialog({ open, label, class: more = '', children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const isOpen = open.value;
  useEffect(() => {
    if (isOpen && !element.current?.open) element.current?.showModal();
    if (!isOpen) element.current?.close();
  }, [isOpen]);
  const close = () => {
    open.value = false;
  };
  const onBackdrop = (event: MouseEvent) => event.target === element.current && close();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={element}
      class={`sheet-dialog ${more}`}
      aria-label={label}
      onClose={close}
      onClick={onBackdrop}
    >
      {isOpen && children}
    </dialog>
  );
}
