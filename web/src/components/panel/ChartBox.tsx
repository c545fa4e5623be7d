/** Holds one chart object: makes it, feeds it, sizes it, and exposes what it has drawn. */

import { effect } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Callbacks, Chart } from '../../model/types';
import { exposePainter, exposePanel, type Size } from '../../state/panels';
import { hover, pinned, reportMoment } from '../../state/workspace/moment';

export interface PanelId {
  id: string;
  kind: string;
  key: string;
  runs: number[];
}

interface ChartBoxProps<Data, Options, C extends Chart<Data, Options>> {
  make: new (host: HTMLElement, data: Data, options: Options, callbacks: Callbacks) => C;
  data: Data;
  options: Options;
  panel: PanelId;
  callbacks?: Callbacks;
  /** Runs once with the chart; for its fast paths. What it returns runs at the end. */
  attach?(chart: C): () => void;
}

const NAMES = [
  'onMoment',
  'onZoom',
  'onValueZoom',
  'onFull',
  'onPick',
  'onCell',
  'onFold',
  'onNearest',
  'onBrush',
  'onNotes',
  'onLayout',
  'onLegend',
] as const;

/** Callbacks that always call what the component passed last. */
function latest(read: () => Callbacks): Callbacks {
  const forward = NAMES.map((name) => [
    name,
    (...values: unknown[]) =>
      (read()[name] as ((...v: unknown[]) => void) | undefined)?.(...values),
  ]);
  return Object.fromEntries(forward);
}

export function ChartBox<Data, Options, C extends Chart<Data, Options>>(
  props: ChartBoxProps<Data, Options, C>,
) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<C | null>(null);
  const current = useRef(props);
  current.current = props;
  /** What the chart has been given last. */
  const shown = useRef<[Data, Options]>([props.data, props.options]);
  const { id } = props.panel;

  useLayoutEffect(() => {
    const element = host.current!;
    const made = new props.make(
      element,
      props.data,
      props.options,
      latest(() => ({
        onMoment: (moment) => reportMoment(id, moment),
        ...current.current.callbacks,
      })),
    );
    chart.current = made;
    shown.current = [props.data, props.options];
    const observer = new ResizeObserver(() => resizeTo(made, element));
    observer.observe(element);
    exposePainter(element, (size = sizeOf(element)) => paintAnew(made, size));
    const hide = exposePanel(id, () => ({ ...current.current.panel, data: made.drawn() }));
    return () => {
      observer.disconnect();
      hide();
      made.destroy();
      chart.current = null;
    };
  }, [props.make, id]);

  useLayoutEffect(() => {
    const [data, options] = shown.current;
    if (data === props.data && options === props.options) return;
    shown.current = [props.data, props.options];
    chart.current?.set(props.data, props.options);
  }, [props.make, id, props.data, props.options]);

  useEffect(() => {
    const made = chart.current;
    if (!made) return; // gone again before the browser has painted
    const stop = effect(() => {
      const now = hover.value;
      if (now?.source !== id) made.showMoment(now?.moment ?? pinned.value);
    });
    const detach = current.current.attach?.(made);
    return () => {
      stop();
      detach?.();
    };
  }, [props.make, id]);

  return <div class="plot" ref={host} />;
}

const sizeOf = ({ clientWidth, clientHeight }: HTMLElement): Size => ({
  width: clientWidth,
  height: clientHeight,
});

/** A size that is another makes it paint at once. */
function paintAnew(chart: Chart<unknown, unknown>, { width, height }: Size) {
  chart.resize(width, height - 1);
  chart.resize(width, height);
}

function resizeTo(chart: Chart<unknown, unknown>, { clientWidth, clientHeight }: HTMLElement) {
  if (clientWidth > 0 && clientHeight > 0) chart.resize(clientWidth, clientHeight);
}
