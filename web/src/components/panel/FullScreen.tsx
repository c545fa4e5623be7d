/** A panel over the whole screen, its settings beside it: arrow keys step through the panels. */

import { createContext } from 'preact';
import { useContext, useEffect } from 'preact/hooks';
import { closeFull, fullPanel, openFull, stepFull } from '../../state/fullPanel';
import { IconButton } from '../widgets/controls';

/** The id of the place that a panel is in; null where it has none that could fill the screen. */
export const PlaceId = createContext<string | null>(null);

/** Opens it; or, once it is open, goes to the panels beside it and closes it. */
export function FullControls({ label }: { label: string }) {
  const id = useContext(PlaceId);
  if (id === null) return null;
  if (fullPanel.value !== id) {
    const open = () => openFull(id);
    return (
      <IconButton
        icon="full"
        label={`Full screen of ${label}`}
        small
        class="fullbutton"
        onClick={open}
      />
    );
  }
  return (
    <span class="row">
      <IconButton icon="left" label="Previous panel" small onClick={() => stepFull(-1)} />
      <IconButton icon="right" label="Next panel" small onClick={() => stepFull(1)} />
      <IconButton icon="x" label="Close full screen" small class="fullclose" onClick={closeFull} />
    </span>
  );
}

const KEPT = 'input, select, textarea, dialog, [role=dialog]';
const FLOATING = 'dialog, [role=dialog], .toasts, .menu, .palette';

/** Keys of the full screen, and the focus that stays in it. */
export function useFullScreen(place: { current: HTMLElement | null }, full: boolean): void {
  useEffect(() => {
    if (!full) return;
    place.current?.querySelector<HTMLElement>('.fullclose')?.focus();
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as Element;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest(KEPT)) return;
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) stepFull(step);
      else if (event.key === 'Escape') closeFull();
      else return;
      event.preventDefault();
    };
    const onFocus = ({ target }: FocusEvent) => {
      const inside = target instanceof Element && target.closest(FLOATING);
      if (inside || place.current?.contains(target as Node)) return;
      place.current?.querySelector<HTMLElement>('.fullclose')?.focus();
    };
    addEventListener('keydown', onKey);
    addEventListener('focusin', onFocus);
    return () => {
      removeEventListener('keydown', onKey);
      removeEventListener('focusin', onFocus);
    };
  }, [full]);
}
