/** Bars of any number: those that have no room with their names and values are scrolled to. */

import { BarsPanel, barsHeight } from '../../charts/others/barsPanel';
import type { Bar, BarOptions, Callbacks } from '../../model/types';
import { ChartBox, type PanelId } from './ChartBox';

interface BarsBoxProps {
  /** What they are bars of, for those who hear it. */
  name: string;
  bars: Bar[];
  options: BarOptions;
  panel: PanelId;
  callbacks?: Callbacks;
}

export function BarsBox({ name, bars, options, panel, callbacks }: BarsBoxProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
    <section class="plotscroll" tabIndex={0} aria-label={`Bars of ${name}`}>
      <div style={{ minHeight: `${barsHeight(bars.length, options.titles)}px` }}>
        <ChartBox
          make={BarsPanel}
          data={bars}
          options={options}
          panel={panel}
          callbacks={callbacks}
        />
      </div>
    </section>
  );
}
