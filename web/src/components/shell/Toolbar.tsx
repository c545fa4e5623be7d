/** What applies to all panels: search, smoothing, x-axis, histogram view, columns, zoom. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { formatCount } from '../../math/numbers';
import type { Choice } from '../../model/types';
import { BANDS, bandOfAll, CENTERS, centerOfAll, drawsGroups } from '../../state/lines/lineGroups';
import { groupChoices } from '../../state/runs/runColumns';
import { groupField } from '../../state/runs/runList';
import { colorField, userRegExp } from '../../state/runs/visibility';
import { HISTOGRAM_VIEWS } from '../../state/view/choices';
import {
  columns,
  histogramView,
  leavesOutliers,
  panelSearch,
  setParams,
  syncZoom,
  withoutZoom,
  xAxis,
  xLog,
} from '../../state/view/view';
import { pinned, unpin } from '../../state/workspace/moment';
import { compact } from '../../state/workspace/screen';
import { useScope } from '../../state/workspace/workspace';
import { useXChoices } from '../../state/workspace/xChoices';
import { SmoothingControl } from '../lines/SmoothingControl';
import { ExportEntry } from '../panel/ExportEntry';
import { Check, IconButton, SearchField, Select, Stepper } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { Menu } from '../widgets/Menu';

/** `children` stand at the end: what one page has and another has not. */
export function Toolbar({ children }: { children?: ComponentChildren }) {
  const [unfolded, setUnfolded] = useState(false);
  const { keys } = useScope().workspace.store.catalogue.value;
  const hasHistograms = keys.some(({ kind }) => kind === 'histogram');
  const choices = useXChoices();
  return (
    <div class={`bar ${unfolded ? 'unfolded' : ''}`} role="toolbar" aria-label="All panels">
      <SearchField
        label={compact.value ? 'Panels' : 'Panels (regex)'}
        value={panelSearch.value}
        invalid={!userRegExp(panelSearch.value)}
        onInput={(q) => setParams({ q }, 'replace')}
      />
      <IconButton
        icon="gear"
        class="more"
        label="Chart settings"
        expanded={unfolded}
        onClick={() => setUnfolded(!unfolded)}
      />
      <SmoothingControl />
      <div class="grp">
        <span class="lbl">X</span>
        <Select
          label="X axis"
          value={xAxis.value}
          choices={choices}
          onChange={(x) => setParams({ ...withoutZoom(), x: x === 'auto' ? null : x }, 'push')}
        />
      </div>
      {hasHistograms && (
        <div class="grp histograms">
          <span class="lbl">Histograms</span>
          <Select
            label="Histograms"
            value={histogramView.value}
            choices={HISTOGRAM_VIEWS}
            onChange={(v) => setParams({ hist: v === 'heatmap' ? null : v }, 'push')}
          />
        </div>
      )}
      <Chips />
      <div class="stretch" />
      <div class="grp columns">
        <span class="lbl">Columns</span>
        <Stepper
          label="Columns"
          value={columns.value}
          min={1}
          max={6}
          onChange={(n) => setParams({ cols: n === 3 ? null : String(n) }, 'push')}
        />
      </div>
      {children}
      <MoreSettings />
    </div>
  );
}

/** How groups are drawn, where runs are grouped. */
function GroupSettings() {
  const set = (name: string, byDefault: string) => (value: string) =>
    setParams({ [name]: value === byDefault ? null : value }, 'push');
  return (
    <>
      <div class="opt">
        <Check
          label="A line for each group"
          checked={drawsGroups.value}
          onChange={(on) => setParams({ glines: on ? null : '0' }, 'push')}
        />
      </div>
      <div class="opt">
        <Select
          label="Line of a group"
          value={centerOfAll.value}
          choices={CENTERS}
          onChange={set('gline', 'mean')}
        />
        <Select
          label="Band of a group"
          value={bandOfAll.value}
          choices={BANDS}
          onChange={set('gband', 'minmax')}
        />
      </div>
    </>
  );
}

/** What has a colour: each run, or each value of a field. */
function ColorField() {
  const [, ...fields] = groupChoices(useScope().workspace.store.runs.value);
  return (
    <Select
      label="Colour runs by"
      value={colorField.value}
      choices={[['', 'Colour: each run'], ...fields.map(coloured)]}
      onChange={(by) => setParams({ color: by || null }, 'push')}
    />
  );
}

const coloured = ([by, name]: Choice<string>): Choice<string> => [by, `Colour: ${name}`];

function MoreSettings() {
  const flag = (name: string) => (on: boolean) => setParams({ [name]: on ? '1' : null }, 'push');
  return (
    <Menu icon="more" label="More settings" wide>
      {(close) => (
        <>
          <div class="opt">
            <Check label="Log scale (x)" checked={xLog.value} onChange={flag('xlog')} />
          </div>
          <div class="opt">
            <Check
              label="Ignore outliers"
              checked={leavesOutliers({})}
              onChange={flag('outliers')}
            />
          </div>
          <div class="opt">
            <Check
              label="Zoom all panels together"
              checked={syncZoom.value}
              onChange={flag('sync')}
            />
          </div>
          <div class="opt">
            <ColorField />
          </div>
          {groupField.value && <GroupSettings />}
          <hr />
          <ExportEntry close={close} />
        </>
      )}
    </Menu>
  );
}

function Chips() {
  const pin = pinned.value;
  const unzoomed = withoutZoom();
  const resetZoom = () => setParams(unzoomed, 'push');
  return (
    <>
      {Object.keys(unzoomed).length > 0 && (
        <button type="button" class="chip" aria-label="Reset zoom" onClick={resetZoom}>
          zoomed <Icon name="reset" />
        </button>
      )}
      {pin && (
        <button type="button" class="chip" aria-label="Unpin" onClick={unpin}>
          <Icon name="pin" />
          {pin.axis === 'step' ? `step ${formatCount(pin.x)}` : 'pinned'} <Icon name="x" />
        </button>
      )}
    </>
  );
}
