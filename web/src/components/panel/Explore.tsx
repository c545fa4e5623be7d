/** Explore over the whole page: a frame with a document of its own, in which Plotly draws. */

import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { tokens } from '../../charts/theme';
import { closeExplore, explored, plotlyPath } from '../../state/explore';
import { theme } from '../../state/theme';
import { IconButton } from '../widgets/controls';
import { KeyName } from './KeyName';

/** Mounted once the pointer was near an Explore button; shown while something is explored. */
export function Explore() {
  const frame = useRef<HTMLIFrameElement>(null);
  const close = useRef<HTMLDivElement>(null);
  const script = plotlyPath.value;
  const what = explored.value;
  const open = what !== null;

  useEffect(() => {
    if (!script) return;
    const send = () => {
      const message = {
        script,
        what: explored.value,
        tokens: tokens(),
        dark: theme.value === 'dark',
      };
      frame.current?.contentWindow?.postMessage(message, location.origin);
    };
    const onMessage = (event: MessageEvent) => {
      if (event.origin !== location.origin || event.source !== frame.current?.contentWindow) return;
      if (event.data === 'ready') send();
      if (event.data === 'close') closeExplore();
    };
    addEventListener('message', onMessage);
    const stop = effect(send);
    return () => {
      removeEventListener('message', onMessage);
      stop();
    };
  }, [script]);

  useEffect(() => {
    if (!open) return;
    const before = document.activeElement;
    close.current?.querySelector('button')?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      closeExplore();
    };
    addEventListener('keydown', onKey, true);
    return () => {
      removeEventListener('keydown', onKey, true);
      if (before instanceof HTMLElement) before.focus();
    };
  }, [open]);

  if (!script) return null;
  return (
    <div class="explore" hidden={!open} role="dialog" aria-label="Explore">
      <div class="head" ref={close}>
        <IconButton icon="x" label="Close Explore" onClick={closeExplore} />
        <KeyName name={what?.title ?? ''} />
        <div class="stretch" />
        <span class="t12 dim">drag to zoom, double click resets, click a name to hide it</span>
        <kbd>Esc</kbd>
      </div>
      <iframe ref={frame} src="/explore.html" title="Plotly" />
    </div>
  );
}
