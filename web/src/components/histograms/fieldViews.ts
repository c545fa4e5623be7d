/** Views of a key that are fetched when the first one of them is shown. */

import type { ComponentChildren } from 'preact';
import type { Note } from '../../model/types';
import { lazy } from '../widgets/lazy';

/** A view in a panel that was added: under its own name, with its own entries. */
export interface OwnFrame {
  id: string;
  /** What its header shows. */
  name: string;
  /** As it is called in words, unlike the automatic panel of its key. */
  title: string;
  actions: ComponentChildren;
  /** What of its keys is not there. */
  notes: Note[];
}

export const HistogramView = lazy(() => import('./HistogramView').then((m) => m.HistogramView));
export const MediaView = lazy(() => import('../media/MediaView').then((m) => m.MediaView));
export const PlotView = lazy(() => import('../plots/PlotView').then((m) => m.PlotView));
