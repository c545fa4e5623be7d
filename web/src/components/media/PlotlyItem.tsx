/** Figures in a document of their own, in which Plotly draws. */

import { effect } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ApiError } from '../../api/client';
import type { Json } from '../../api/types';
import type { MediaItem } from '../../math/media';
import { pointFigure } from '../../math/points';
import { plotlyPath, prefetchExplore } from '../../state/explore';
import { type Loaded, useJson } from '../../state/media';
import { theme } from '../../state/theme';
import { tokens } from '../Explore';

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
  return <FigureFrame figure={figure} label={item.caption || 'Logged figure'} />;
}

export function PointsItem({ uid, item }: ItemProps) {
  const content = useJson<Json>(uid, item);
  const figure = useMemo(
    () => (content instanceof ApiError || content === null ? content : pointFigure(content)),
    [content],
  );
  return <FigureFrame figure={figure as Loaded<Figure>} label={item.caption || 'Logged points'} />;
}

interface FigureFrameProps {
  figure: Loaded<Figure>;
  label: string;
}

function FigureFrame({ figure, label }: FigureFrameProps) {
  if (figure instanceof ApiError) return <p class="bad t12">{figure.message}</p>;
  return figure && <Frame figure={figure} label={label} />;
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
