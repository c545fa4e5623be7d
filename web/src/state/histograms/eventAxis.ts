/** The x-axis of histogram events, which have a step, a batch count and a time. */

import type { HistogramAxis } from '../../model/types';
import { panelSettings, type Span, setPanel, setZoom, syncZoom, xAxis, zoomOf } from '../view/view';

/** What the workspace's x is to events; null: nothing that they have. */
function commonAxis(): HistogramAxis | null {
  if (xAxis.value === 'time') return 'time';
  return xAxis.value === 'auto' || xAxis.value === 'step' ? 'step' : null;
}

/** Axis of a panel: its own, else the workspace's, else the step. */
export const eventAxis = (id: string): HistogramAxis =>
  panelSettings(id).axis ?? commonAxis() ?? 'step';

/** A window of one axis means nothing on another: the zoom goes with the change. */
export function setEventAxis(id: string, axis: HistogramAxis): void {
  setPanel(id, { axis: axis === (commonAxis() ?? 'step') ? null : axis, zoom: null });
}

const sharesZoom = (id: string): boolean => syncZoom.value && eventAxis(id) === commonAxis();

export const eventZoomOf = (id: string): Span | null => zoomOf(id, sharesZoom(id));

/** Of panels that are over the step whatever the workspace is over. */
const sharesSteps = (): boolean => syncZoom.value && commonAxis() === 'step';

export const stepZoomOf = (id: string): Span | null => zoomOf(id, sharesSteps());

export const setStepZoom = (id: string, span: Span | null): void =>
  setZoom(id, span, sharesSteps());

export const setEventZoom = (id: string, span: Span | null): void =>
  setZoom(id, span, sharesZoom(id));
