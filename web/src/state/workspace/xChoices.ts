/** What a panel's x can be. */

import { keyTitle } from '../../math/keyTitle';
import type { Choice } from '../../model/types';
import { xName } from '../lines/lines';
import { stepMetricOf } from '../project';
import type { XAxis } from '../view/view';
import { useScope } from './workspace';

/** Metrics that are offered as x; the rest can be named in the address. */
const MOST_METRICS = 60;

/** `timed`: of machine metrics, which have no steps. */
export function useXChoices(timed = false): Choice<XAxis>[] {
  const { catalogue } = useScope().workspace.store;
  const { keys } = catalogue.value;
  const scalars = keys.filter(({ kind }) => kind === 'scalar');
  const defined = scalars.some((key) => stepMetricOf(catalogue.value, key));
  const metrics = scalars.slice(0, MOST_METRICS).map(({ key }): Choice<XAxis> => {
    return [`metric:${key}`, keyTitle(key)];
  });
  const times = (['runtime', 'process', 'time'] as const).map((x): Choice<XAxis> => [x, xName(x)]);
  if (timed) return times;
  return [
    ['auto', defined ? 'As defined' : xName('step')],
    ...(defined ? [['step', xName('step')] as Choice<XAxis>] : []),
    ...times,
    ...metrics,
  ];
}
