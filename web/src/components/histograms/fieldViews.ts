import { lazy } from '../widgets/lazy';

export const HistogramView = lazy(() => import('./HistogramView').then((m) => m.HistogramView));
export const MediaView = lazy(() => import('../media/MediaView').then((m) => m.MediaView));
export const PlotView = lazy(() => import('../plots/PlotView').then((m) => m.PlotView));
