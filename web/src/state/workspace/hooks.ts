/** Hooks that tie components to the stores: a series is used while the component is mounted. */

import { effect, type Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { ApiError } from '../../api/client';
import type { TensorResponse } from '../../api/types';
import type { EventSeries, HistogramSpec } from '../histograms/histograms';
import type { Series, SeriesSpec } from '../lines/series';
import { useScope } from './workspace';

export interface Loaded<T> {
  values: T[];
  /** Still without an answer. */
  waiting: number;
  error: ApiError | null;
}

interface Store<Spec, Value> {
  use(spec: Spec): Signal<Value | ApiError | null>;
  release(spec: Spec): void;
}

function useStore<Spec, Value>(
  store: Store<Spec, Value>,
  specs: Spec[],
  id: string,
): Loaded<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ values: [], waiting: 1, error: null });
  useLayoutEffect(() => {
    const signals = specs.map((spec) => store.use(spec));
    const stop = effect(() => setLoaded(read(signals.map(({ value }) => value))));
    return () => {
      stop();
      for (const spec of specs) store.release(spec);
    };
  }, [store, id]);
  return loaded;
}

function read<Value>(found: (Value | ApiError | null)[]): Loaded<Value> {
  const values = found.filter((v): v is Value => v !== null && !(v instanceof ApiError));
  const error = found.find((value) => value instanceof ApiError) ?? null;
  const waiting = found.filter((value) => value === null).length;
  return { values, waiting, error: error as ApiError | null };
}

export function useSeries(specs: SeriesSpec[]): Loaded<Series> {
  const id = JSON.stringify(specs.map(({ reach: _, ...rest }) => rest));
  return useStore<SeriesSpec, Series>(useScope().workspace.series, specs, id);
}

export function useHistograms(specs: HistogramSpec[]): Loaded<EventSeries> {
  const store = useScope().workspace.histograms;
  return useStore<HistogramSpec, EventSeries>(store, specs, JSON.stringify(specs));
}

export function useTensors(run: number | null, prefix: string): Loaded<TensorResponse> {
  const { tensors } = useScope().workspace;
  const specs = run === null ? [] : [{ run, prefix }];
  const store = {
    use: (spec: { run: number; prefix: string }) => tensors.use(spec.run, spec.prefix),
    release: (spec: { run: number; prefix: string }) => tensors.release(spec.run, spec.prefix),
  };
  const [held] = useState(store);
  return useStore(held, specs, `${run} ${prefix}`);
}

/** Whether an element is in sight, or less than `margin` pixels from it. */
export function useInSight(element: RefObject<HTMLElement | null>, margin: number): boolean {
  const [inSight, setInSight] = useState(false);
  // The observer speaks after the first paint; what is asked for before it is there sooner.
  useLayoutEffect(() => {
    const { top, bottom } = element.current!.getBoundingClientRect();
    setInSight(bottom > -margin && top < innerHeight + margin);
  }, [margin]);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => setInSight(entries[entries.length - 1].isIntersecting),
      { rootMargin: `${margin}px 0px` },
    );
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, [margin]);
  return inSight;
}

const SCROLLS_BY_HAND = ['wheel', 'pointerdown', 'touchstart'] as const;

/**
 * Keeps what a key has given the focus in sight of a box that scrolls, while panels above it come
 * and grow, until the user does anything else.
 */
export function useFocusInSight(box: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = box.current!;
    let reached: Element | null = null;
    let frame = 0;
    const reach = ({ target }: FocusEvent) => {
      reached = target instanceof Element && target.matches(':focus-visible') ? target : null;
    };
    const forget = () => {
      reached = null;
    };
    const show = () => {
      if (reached === document.activeElement) reached?.scrollIntoView({ block: 'nearest' });
    };
    const observer = new MutationObserver(() => {
      cancelAnimationFrame(frame);
      if (reached) frame = requestAnimationFrame(show);
    });
    observer.observe(element, { childList: true, subtree: true });
    element.addEventListener('focusin', reach);
    element.addEventListener('focusout', forget);
    element.addEventListener('keydown', forget);
    for (const name of SCROLLS_BY_HAND) element.addEventListener(name, forget, { passive: true });
    return () => {
      observer.disconnect();
      cancelAnimationFrame(frame);
    };
  }, []);
}
