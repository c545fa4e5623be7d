/** The values that controls of the view offer, with their names. */

import type { Choice } from '../../model/types';
import type { HistogramView } from './view';

export const HISTOGRAM_VIEWS: Choice<HistogramView>[] = [
  ['heatmap', 'Heatmap'],
  ['ridgeline', 'Ridgeline'],
  ['percentiles', 'Percentiles'],
  ['step', 'Single step'],
];

export const SORT_NAMES: Record<string, string> = {
  created: 'Created',
  name: 'Name',
  state: 'State',
  runtime: 'Runtime',
};
