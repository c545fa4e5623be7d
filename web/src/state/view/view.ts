/**
 * What the user has chosen, kept in the address: it holds only what differs from the saved view or
 * the default, so that a copied link opens the same picture and Back goes to the picture before.
 */

import { batch, computed, effect, signal } from '@preact/signals';
import type { Band, Center } from '../../math/groups';
import type {
  Aggregate,
  HeatColor,
  HistogramAxis,
  Smoothing,
  SmoothingKind,
  ValueScale,
  Window,
} from '../../model/types';
import { entered } from '../route';
import {
  type Base,
  changed,
  differences,
  fromQuery,
  type Params,
  type Shown,
  toQuery,
} from './address';

export type HistogramView = 'heatmap' | 'ridgeline' | 'percentiles' | 'step';
/** `auto`: the step metric of define_metric, else the step. */
export type XAxis = 'auto' | 'step' | 'time' | 'runtime' | 'process' | `metric:${string}`;

const WRITE_DELAY_MS = 250;
const SMOOTHING_KINDS: SmoothingKind[] = ['twema', 'ema', 'gaussian', 'average', 'none'];
export const DEFAULT_AMOUNT: Record<SmoothingKind, number> = {
  twema: 0.95,
  ema: 0.9,
  gaussian: 3,
  average: 10,
  none: 0,
};

/** The views that were opened here, by hash: Back to one of them asks nobody. */
const opened = new Map<string, Base>();
const first = read(location.search);
export const params = signal<Params>(first.params);
/** The saved view that the address names. */
export const base = signal<Base | null>(first.base);
let timer = 0;

function read(query: string): Shown {
  return fromQuery(Object.fromEntries(new URLSearchParams(query)), opened);
}

const shown = (): Shown => ({ base: base.peek(), params: params.peek() });

/** The parameters of the address of what is shown. */
export const addressParams = (): Params => toQuery(shown());

function withQuery(path: string, query: Params): string {
  const text = new URLSearchParams(query).toString();
  return path + (text ? `?${text}` : '');
}

const href = (): string => withQuery(location.pathname, addressParams());

/** The address of another page with what is chosen here, but for the parameters of one page alone. */
export function samePicture(path: string, without: readonly string[]): string {
  const none = Object.fromEntries(without.map((name) => [name, '']));
  return withQuery(path, toQuery({ base: base.value, params: changed(params.value, none) }));
}

function assign(next: Shown): void {
  batch(() => {
    base.value = next.base;
    params.value = next.params;
  });
}

effect(() => {
  const { query } = entered.value;
  clearTimeout(timer);
  assign(read(query));
});

function replaceSoon(): void {
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState(null, '', href()), WRITE_DELAY_MS);
}

/**
 * Changes parameters; null removes one. A `push` makes an entry for Back, a `replace` (sliders,
 * typing) changes the present one, at most each quarter of a second.
 */
export function setParams(change: Record<string, string | null>, mode: 'push' | 'replace'): void {
  const texts = Object.entries(change).map(([name, value]) => [name, value ?? '']);
  show({ base: base.peek(), params: changed(params.peek(), Object.fromEntries(texts)) }, mode);
}

/** Shows other parameters, and on another saved view or none. */
export function show(next: Shown, mode: 'push' | 'replace'): void {
  if (next.base?.known) opened.set(next.base.hash, next.base);
  if (mode === 'push') flushUrl();
  assign(next);
  if (mode === 'push') history.pushState(null, '', href());
  else replaceSoon();
}

/** Shows what the parameters of an address stand for, in place of the present one. */
export function openAddress(query: Params): void {
  show(fromQuery(query, opened), 'replace');
}

/** The view that the address names has arrived: what the address holds goes over it. */
export function settleBase(known: Base): void {
  show({ base: known, params: changed(known.params, differences(shown())) }, 'replace');
}

/** Writes a pending change of the address now. */
function flushUrl(): void {
  clearTimeout(timer);
  history.replaceState(null, '', href());
}

/** The address of the picture as it is. */
export function currentLink(): string {
  flushUrl();
  return location.href;
}

export function formatSmoothing({ kind, amount, showOriginal }: Smoothing): string {
  return `${kind}:${Number(amount.toFixed(4))}${showOriginal ? '' : ':only'}`;
}

export function parseSmoothing(text: string | undefined): Smoothing | null {
  const [name, amount, only] = (text ?? '').split(':');
  const kind = SMOOTHING_KINDS.find((known) => known === name);
  if (!kind) return null;
  const number = Number(amount);
  const valid = Number.isFinite(number) && number >= 0;
  return { kind, amount: valid ? number : DEFAULT_AMOUNT[kind], showOriginal: only !== 'only' };
}

/** A trend on any line: it averages about a fortieth of the range of x. */
const DEFAULT_SMOOTHING: Smoothing = {
  kind: 'twema',
  amount: DEFAULT_AMOUNT.twema,
  showOriginal: true,
};

/** Smoothing of the workspace. */
export const smoothing = computed<Smoothing>(
  () => parseSmoothing(params.value.smooth) ?? DEFAULT_SMOOTHING,
);

export function setSmoothing(value: Smoothing): void {
  const text = formatSmoothing(value);
  const isDefault = text === formatSmoothing(DEFAULT_SMOOTHING);
  setParams({ smooth: isDefault ? null : text }, 'replace');
}

export const xAxis = computed<XAxis>(() => (params.value.x as XAxis | undefined) ?? 'auto');
export const xLog = computed(() => params.value.xlog === '1');
const ignoresOutliers = computed(() => params.value.outliers === '1');
export const panelSearch = computed(() => params.value.q ?? '');
export const columns = computed(() => Math.min(6, Math.max(1, Number(params.value.cols) || 3)));
export const syncZoom = computed(() => params.value.sync === '1');
export const histogramView = computed<HistogramView>(
  () => (params.value.hist as HistogramView | undefined) ?? 'heatmap',
);

/** What one panel does otherwise than the workspace. */
export interface PanelSettings {
  /** Of an automatic line panel, in place of its key. */
  title?: string;
  xtitle?: string;
  ytitle?: string;
  x?: XAxis;
  smooth?: string;
  ylog?: '0' | '1';
  /** Otherwise than the workspace's x. */
  xlog?: '0' | '1';
  /** Range of y, `from~to`; either may be empty. */
  yrange?: string;
  /** Range of x and the axis it is meant for: `from~to@axis`. */
  xrange?: string;
  /** Computed lines, one a row, as `${a} / ${b}`. */
  expr?: string;
  /** `0`: the logged metric itself is not drawn beside computed lines. */
  logged?: '0';
  /** Template of the lines' names. */
  legend?: string;
  gline?: Center;
  gband?: Band;
  outliers?: '0' | '1';
  envelope?: '0';
  aggregate?: Aggregate;
  view?: HistogramView;
  /** Of the cells of a heatmap; log without it. */
  color?: HeatColor;
  /** Of the values of histograms; linear without it. */
  scale?: ValueScale;
  /** A histogram over time for each shown run, side by side. */
  all?: '1';
  /** Of histogram events, otherwise than the workspace's x. */
  axis?: HistogramAxis;
  zoom?: string;
  /** Ranges selected in parallel coordinates. */
  brush?: string;
  value?: string;
  full?: '1';
  /** A chart of `wandb.plot` shows its table. */
  table?: '1';
  /** Tables of several runs side by side, not as one. */
  apart?: '1';
  /** A confusion matrix shows shares of the actual class. */
  shares?: '1';
}

const panelParam = (id: string): string => `p.${id}`;
/** The step that a panel of media shows. */
export const mediaParam = (id: string): string => `m.${id}`;

/** What the address has of a panel's settings. */
export function settingsOf(id: string): Params {
  const own = [panelParam(id), mediaParam(id)];
  return Object.fromEntries(Object.entries(params.peek()).filter(([name]) => own.includes(name)));
}

export function panelSettings(id: string): PanelSettings {
  return Object.fromEntries(new URLSearchParams(params.value[panelParam(id)] ?? ''));
}

export function setPanel(
  id: string,
  change: { [name in keyof PanelSettings]?: string | null },
  mode: 'push' | 'replace' = 'push',
): void {
  const next = new URLSearchParams(params.peek()[panelParam(id)] ?? '');
  for (const [name, value] of Object.entries(change)) {
    if (value === null || value === undefined) next.delete(name);
    else next.set(name, value);
  }
  setParams({ [panelParam(id)]: next.toString() || null }, mode);
}

export type Span = [number, number];

export function parseSpan(text: string | undefined): Span | null {
  const [from, to] = (text ?? '').split('~').map(Number);
  return text && Number.isFinite(from) && Number.isFinite(to) && to > from ? [from, to] : null;
}

/** A range of which either end may be open. */
export function parseRange(text: string | undefined): Window {
  const [from = '', to = ''] = (text ?? '').split('~');
  const bound = (end: string) => (end !== '' && Number.isFinite(Number(end)) ? Number(end) : null);
  return { min: bound(from), max: bound(to) };
}

export const formatRange = ({ min, max }: Window): string | null =>
  min === null && max === null ? null : `${min ?? ''}~${max ?? ''}`;

/** The range that was typed for a panel's x; on another axis its numbers would mean nothing. */
export function xRangeOf({ xrange = '' }: PanelSettings, x: string): Window {
  const at = xrange.indexOf('@');
  return parseRange(xrange.slice(at + 1) === x ? xrange.slice(0, at) : undefined);
}

export function formatXRange(range: Window, x: string): string | null {
  const text = formatRange(range);
  return text && `${text}@${x}`;
}

export const formatSpan = ([from, to]: Span): string => `${from}~${to}`;

/** The window of x that a panel is zoomed to: its own, or the one that panels share. */
export function zoomOf(id: string, shared: boolean): Span | null {
  return parseSpan(shared ? params.value.zoom : panelSettings(id).zoom);
}

export function setZoom(id: string, span: Span | null, shared: boolean): void {
  const text = span && formatSpan(span);
  if (shared) setParams({ zoom: text }, 'push');
  else setPanel(id, { zoom: text });
}

/** What has to change so that these panels are not zoomed; without `of`, no panel at all. */
export function withoutZoom(of?: (id: string) => boolean): Record<string, string | null> {
  const own = Object.entries(params.value).flatMap(([name, value]) => {
    if (!name.startsWith(panelParam('')) || of?.(name.slice(panelParam('').length)) === false) {
      return [];
    }
    const settings = new URLSearchParams(value);
    if (!settings.has('zoom')) return [];
    settings.delete('zoom');
    return [[name, settings.toString() || null]];
  });
  const shared = !of && params.value.zoom !== undefined;
  return { ...Object.fromEntries(own), ...(shared && { zoom: null }) };
}

/** Whether a panel's x is logarithmic: its own choice before the workspace's. */
export const logX = ({ xlog }: PanelSettings): boolean => (xlog ? xlog === '1' : xLog.value);

/** Whether outliers are left out of the range of y, where a panel or section says nothing else. */
export const leavesOutliers = ({ outliers }: Pick<PanelSettings, 'outliers'>): boolean =>
  outliers ? outliers === '1' : ignoresOutliers.value;
