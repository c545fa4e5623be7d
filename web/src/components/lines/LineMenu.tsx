/** What the menu of a line panel holds: its own settings and downloads. */

import type { Aggregate, AxisTitles, Choice, Line } from '../../model/types';
import { type Explored, explore } from '../../state/explore';
import { cascaded, inherited } from '../../state/lines/cascade';
import { BANDS, bandOfAll, CENTERS, centerOfAll, drawsGroups } from '../../state/lines/lineGroups';
import { xName } from '../../state/lines/lines';
import { drawnPanel } from '../../state/panels';
import { downloadCsv } from '../../state/runs/download';
import { attempt } from '../../state/toasts';
import { copyLink } from '../../state/view/share';
import { leavesOutliers, panelSettings, setPanel } from '../../state/view/view';
import { type Scope, useScope } from '../../state/workspace/workspace';
import { Downloads } from '../panel/Downloads';
import { Check, Select } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { AxisSettings } from './LineAxes';
import { OwnSmoothing } from './PanelSmoothing';

const AGGREGATES: Choice<Aggregate>[] = [
  ['mean', 'mean of each bucket'],
  ['min', 'minimum of each bucket'],
  ['max', 'maximum of each bucket'],
  ['first', 'first of each bucket'],
  ['last', 'last of each bucket'],
  ['count', 'count in each bucket'],
];

interface LineMenuProps {
  panel: { id: string; name: string; lines: Line[]; x: string; log: boolean; statistic: boolean };
  /** The panel on the page, for its picture. */
  element(): Element;
  explored(): Explored;
  extend?(): void;
  close(): void;
}

export function LineMenu({ panel, element, explored, extend, close }: LineMenuProps) {
  const { id, name, lines, x, log, statistic } = panel;
  const scope = useScope();
  const { ylog } = inherited(id);
  const flag = (on: boolean, byDefault: boolean) => (on === byDefault ? null : on ? '1' : '0');
  const then = (act: () => void) => () => {
    close();
    act();
  };
  return (
    <>
      {!statistic && <BucketSettings id={id} />}
      {!statistic && drawsGroups.value && <GroupSettings id={id} />}
      <div class="opt">
        <Check
          label="Log scale (y)"
          checked={log}
          onChange={(on) => setPanel(id, { ylog: flag(on, ylog ? ylog === '1' : statistic) })}
        />
        <Check
          label="Ignore outliers"
          checked={leavesOutliers(cascaded(id))}
          onChange={(on) => setPanel(id, { outliers: flag(on, leavesOutliers(inherited(id))) })}
        />
      </div>
      {!statistic && <AxisSettings id={id} x={x} />}
      <hr />
      {extend && (
        <button type="button" onClick={then(extend)}>
          <Icon name="edit" />
          Expressions, legend and titles…
        </button>
      )}
      <button type="button" onClick={then(() => explore(explored(), panel.id))}>
        <Icon name="expand" />
        <span class="stretch">Full screen</span>
        <kbd>F</kbd>
      </button>
      <button type="button" onClick={then(() => void copyLink())}>
        <Icon name="link" />
        Copy link to this panel
      </button>
      <Downloads
        close={close}
        picture={{
          panel: element,
          title: name,
          names: lines.map(nameOf),
          axes: axesOf(id, x, name),
        }}
        kinds={{
          csv: () => downloadCsv(name, x, lines),
          html: () => void downloadHtml(scope, explored()),
        }}
      />
    </>
  );
}

const nameOf = ({ label, color, dash }: Line) => ({ label, color, dash });

/** What the axes of a picture are called, where the chart doesn't say it. */
function axesOf(id: string, x: string, y: string) {
  const drawn = drawnPanel(id)?.data as { titles?: AxisTitles } | undefined;
  return { x: drawn?.titles?.x ? '' : xName(x), y: drawn?.titles?.y ? '' : y };
}

const downloadHtml = (scope: Scope, panel: Explored) =>
  attempt('The panel was not exported', async () => {
    const { exportPanel } = await import('../../export/exportView');
    await exportPanel(scope, panel);
  });

/** How this panel draws groups, where runs are grouped. */
function GroupSettings({ id }: { id: string }) {
  const { gline, gband } = panelSettings(id);
  return (
    <div class="opt">
      <Select
        label="Line of a group in this panel"
        value={gline ?? centerOfAll.value}
        choices={CENTERS}
        onChange={(next) => setPanel(id, { gline: next === centerOfAll.value ? null : next })}
      />
      <Select
        label="Band of a group in this panel"
        value={gband ?? bandOfAll.value}
        choices={BANDS}
        onChange={(next) => setPanel(id, { gband: next === bandOfAll.value ? null : next })}
      />
    </div>
  );
}

/** What a panel of buckets can be set to, and a panel of a statistic can't. */
function BucketSettings({ id }: { id: string }) {
  const { aggregate = 'mean', envelope } = panelSettings(id);
  return (
    <>
      <OwnSmoothing
        of="panel"
        above={inherited(id).smooth ? 'section' : 'workspace'}
        text={panelSettings(id).smooth}
        onChange={(smooth, mode) => setPanel(id, { smooth }, mode)}
      />
      <div class="opt">
        Line through
        <Select
          label="Line through"
          value={aggregate}
          choices={AGGREGATES}
          onChange={(next) => setPanel(id, { aggregate: next === 'mean' ? null : next })}
        />
      </div>
      <div class="opt">
        <Check
          label="Min–max envelope"
          checked={envelope !== '0'}
          onChange={(on) => setPanel(id, { envelope: on ? null : '0' })}
        />
      </div>
    </>
  );
}
