/** The actions of a chart of `wandb.plot`: explore, its table, a link and downloads. */

import { useRef } from 'preact/hooks';
import { exploredPlot } from '../../explore/plotFigure';
import type { PlotSpec } from '../../math/plotSpecs';
import { explore, prefetchExplore } from '../../state/explore';
import type { PlotTable } from '../../state/media/plots';
import { downloadTables, type RunTable } from '../../state/runs/download';
import { copyLink } from '../../state/view/share';
import { panelSettings, setPanel } from '../../state/view/view';
import { Downloads } from '../panel/Downloads';
import { IconButton } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { Menu } from '../widgets/Menu';

interface PlotActionsProps {
  id: string;
  name: string;
  spec: PlotSpec;
  tables: PlotTable[];
  /** What was logged, drawn or not. */
  logged: RunTable[];
  /** The table is what is shown. */
  asTable: boolean;
  /** The chart can be drawn. */
  drawn: boolean;
}

export function PlotActions({ id, name, spec, tables, logged, asTable, drawn }: PlotActionsProps) {
  const place = useRef<HTMLSpanElement>(null);
  const shares = panelSettings(id).shares === '1';
  const open = () => explore(exploredPlot(spec, tables, shares));
  const picture = {
    panel: () => place.current!.closest('.panel')!,
    title: spec.strings.title ?? spec.key,
  };
  const table = () => downloadTables(spec.key, logged);
  return (
    <span class="row" ref={place} onPointerEnter={prefetchExplore}>
      {drawn && <IconButton icon="expand" label={`Explore ${name}`} small onClick={open} />}
      <Menu icon="more" label={`Settings of ${name}`} small>
        {(close) => {
          const then = (run: () => void) => () => {
            close();
            run();
          };
          return (
            <>
              {drawn && (
                <button
                  type="button"
                  aria-pressed={asTable}
                  onClick={then(() => setPanel(id, { table: asTable ? null : '1' }))}
                >
                  <span class="stretch">{asTable ? 'Show the chart' : 'Show the table'}</span>
                </button>
              )}
              {drawn && (
                <button type="button" onClick={then(open)}>
                  <Icon name="expand" />
                  <span class="stretch">Full screen</span>
                </button>
              )}
              <button type="button" onClick={then(() => void copyLink())}>
                <Icon name="link" />
                Copy link to this panel
              </button>
              {logged.length > 0 && (
                <Downloads
                  close={close}
                  picture={asTable ? undefined : picture}
                  kinds={{ csv: table }}
                />
              )}
            </>
          );
        }}
      </Menu>
    </span>
  );
}
