/** The actions of a line panel: explore, and a menu with its own settings and downloads. */

import { useEffect, useRef } from 'preact/hooks';
import type { Line, Smoothing } from '../../model/types';
import { type Explored, explore, keepExplored, prefetchExplore } from '../../state/explore';
import { cascaded, smoothingOf } from '../../state/lines/cascade';
import { IconButton } from '../widgets/controls';
import { lazy } from '../widgets/lazy';
import { Menu } from '../widgets/Menu';

const LineMenu = lazy(() => import('./LineMenu').then((m) => m.LineMenu));

const UNSMOOTHED: Smoothing = { kind: 'none', amount: 0, showOriginal: false };

interface LineActionsProps {
  id: string;
  title: string;
  lines: Line[];
  x: string;
  /** Range of x over all data: smoothing depends on it. */
  range?: number;
  /** Lines of a statistic: on a log axis if nothing else is set, and never smoothed. */
  statistic?: boolean;
  /** Opens the dialog of computed lines and names. */
  onExtend?(): void;
}

export function LineActions(props: LineActionsProps) {
  const { id, title, lines, x, range = 0, statistic = false } = props;
  const settings = cascaded(id);
  const log = settings.ylog ? settings.ylog === '1' : statistic;
  const explored = (): Explored => {
    const own = statistic ? UNSMOOTHED : smoothingOf(id);
    return { kind: 'lines', title, x, lines, log, smoothing: own, range };
  };
  const open = () => explore(explored(), id);
  useEffect(() => keepExplored(id, explored), [lines]);
  const place = useRef<HTMLSpanElement>(null);
  return (
    <>
      <span ref={place} onPointerEnter={prefetchExplore}>
        <IconButton icon="expand" label={`Explore ${title}`} small onClick={open} />
      </span>
      <Menu icon="more" label={`Settings of ${title}`} small wide>
        {(close) => (
          <LineMenu
            panel={{ id, name: title, lines, x, log, statistic }}
            element={() => place.current!.closest('.panel')!}
            explored={explored}
            extend={props.onExtend}
            close={close}
          />
        )}
      </Menu>
    </>
  );
}
