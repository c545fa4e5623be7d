/** Figures in a document of their own, in which Plotly draws. */

import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ApiError } from '../../api/client';
import { tokens } from '../../charts/theme';
import type { MediaItem } from '../../math/media';
import { plotlyPath, prefetchExplore } from '../../state/explore';
import { useJson } from '../../state/media/hooks';
import { theme } from '../../state/theme';

interface Figure {
  data: object[];
  layout: object;
}

interface ItemProps {
  uid: number;
  item: MediaItem;
}

export function PlotlyItem({ uid, item }: ItemProps) {
  const figure = useJson<Figure>(uid, item);
  if (figure instanceof ApiError) return <p class="bad t12">{figure.message}</p>;
  return figure && <Frame figure={figure} label={item.caption || 'Logged figure'} />;
}

function Frame({ figure, label }: { figure: Figure; label: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    prefetchExplore();
    const send = () => {
      const what = { kind: 'figure', title: label, data: figure.data, layout: figure.layout ?? {} };
      const message = {
        script: plotlyPath.value,
        what,
        dark: theme.value === 'dark',
        tokens: tokens(),
      };
      if (message.script) frame.current?.contentWindow?.postMessage(message, location.origin);
    };
    const onMessage = ({ origin, source, data }: MessageEvent) => {
      if (origin !== location.origin || source !== frame.current?.contentWindow) return;
      if (data === 'ready') send();
    };
    addEventListener('message', onMessage);
    const stop = effect(send);
    return () => {
      removeEventListener('message', onMessage);
      stop();
    };
  }, [figure, label]);
  return <iframe ref={frame} class="figure" src="/explore.html" title={label} />;
}
