/** The actions of a line panel: explore, and a menu with its own settings and downloads. */

import { useRef } from 'preact/hooks';
import type { Key } from '../api/types';
import type { Aggregate, Line, Smoothing, SmoothingKind } from '../charts/types';
import { keyTitle } from '../math/keyTitle';
import { downloadCsv } from '../state/download';
import { explore, prefetchExplore } from '../state/explore';
import { BANDS, bandOfAll, CENTERS, centerOfAll, drawsGroups } from '../state/lineGroups';
import { downloadPng, downloadSvg } from '../state/pictures';
import { copyLink } from '../state/share';
import {
  DEFAULT_AMOUNT,
  formatSmoothing,
  logX,
  panelSettings,
  parseRange,
  parseSmoothing,
  setPanel,
  smoothing,
  xLog,
} from '../state/view';
import { Check, type Choice, IconButton, NumberField, Select, Slider } from './controls';
import { Icon } from './Icon';
import { Menu } from './Menu';
import { SMOOTHING_CHOICES, SMOOTHING_RANGE } from './SmoothingControl';

const AGGREGATES: Choice<Aggregate>[] = [
  ['mean', 'Mean'],
  ['min', 'Minimum'],
  ['max', 'Maximum'],
  ['first', 'First'],
  ['last', 'Last'],
  ['count', 'Count'],
];

const UNSMOOTHED: Smoothing = { kind: 'none', amount: 0, showOriginal: false };

interface LineActionsProps {
  id: string;
  field: Pick<Key, 'key'>;
  lines: Line[];
  x: string;
  /** Range of x over all data: smoothing depends on it. */
  range?: number;
  /** Lines of a statistic: on a log axis if nothing else is set, and never smoothed. */
  statistic?: boolean;
}

export function LineActions({
  id,
  field,
  lines,
  x,
  range = 0,
  statistic = false,
}: LineActionsProps) {
  const settings = panelSettings(id);
  const title = keyTitle(field.key);
  const log = settings.ylog ? settings.ylog === '1' : statistic;
  const open = () => {
    const own = statistic ? UNSMOOTHED : (parseSmoothing(settings.smooth) ?? smoothing.peek());
    explore({ kind: 'lines', title, x, lines, log, smoothing: own, range });
  };
  const flag = (on: boolean, byDefault: boolean, text: '0' | '1') =>
    on === byDefault ? null : text;
  const place = useRef<HTMLSpanElement>(null);
  return (
    <>
      <span ref={place} onPointerEnter={prefetchExplore}>
        <IconButton icon="expand" label={`Explore ${title}`} small onClick={open} />
      </span>
      <Menu icon="more" label={`Settings of ${title}`} small wide>
        {(close) => (
          <>
            {!statistic && <BucketSettings id={id} />}
            {!statistic && drawsGroups.value && <GroupSettings id={id} />}
            <div class="opt">
              <Check
                label="Logarithmic y"
                checked={log}
                onChange={(on) => setPanel(id, { ylog: flag(on, statistic, on ? '1' : '0') })}
              />
              <Check
                label="Ignore outliers"
                checked={settings.outliers === '1'}
                onChange={(on) => setPanel(id, { outliers: flag(on, false, '1') })}
              />
            </div>
            {!statistic && <AxisSettings id={id} />}
            <hr />
            <button
              type="button"
              onClick={() => {
                close();
                open();
              }}
            >
              <Icon name="expand" />
              <span class="sp">Explore in Plotly</span>
              <kbd>F</kbd>
            </button>
            <button
              type="button"
              onClick={() => {
                close();
                void copyLink();
              }}
            >
              <Icon name="link" />
              Copy link to this picture
            </button>
            <Downloads
              close={close}
              png={() => downloadPng(place.current!.closest('.p')!, title)}
              svg={() => downloadSvg(id, title, x, lines, log)}
              csv={() => downloadCsv(title, x, lines)}
            />
          </>
        )}
      </Menu>
    </>
  );
}

interface DownloadsProps {
  close(): void;
  png(): void;
  svg(): void;
  csv(): void;
}

function Downloads({ close, ...kinds }: DownloadsProps) {
  return (
    <div class="downloads">
      <Icon name="download" />
      <span class="sp">Download</span>
      {(['png', 'svg', 'csv'] as const).map((kind) => (
        <button
          type="button"
          key={kind}
          aria-label={`Download ${kind.toUpperCase()}`}
          onClick={() => {
            close();
            kinds[kind]();
          }}
        >
          {kind.toUpperCase()}
        </button>
      ))}
    </div>
  );
}

/** Range of y and scale of x of this panel alone. */
function AxisSettings({ id }: { id: string }) {
  const settings = panelSettings(id);
  const { min, max } = parseRange(settings.yrange);
  const set = (from: number | null, to: number | null) =>
    setPanel(id, { yrange: from === null && to === null ? null : `${from ?? ''}~${to ?? ''}` });
  return (
    <>
      <div class="opt">
        Range of y
        <span class="row">
          <NumberField
            label="Lowest y"
            text={min === null ? '' : String(min)}
            onCommit={(value) => set(value, max)}
          />
          –
          <NumberField
            label="Highest y"
            text={max === null ? '' : String(max)}
            onCommit={(value) => set(min, value)}
          />
          <IconButton
            small
            icon="reset"
            label="Range of y by itself"
            disabled={!settings.yrange}
            onClick={() => set(null, null)}
          />
        </span>
      </div>
      <div class="opt">
        <Check
          label="Logarithmic x"
          checked={logX(settings)}
          onChange={(on) => setPanel(id, { xlog: on === xLog.value ? null : on ? '1' : '0' })}
        />
      </div>
    </>
  );
}

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
      <PanelSmoothing id={id} />
      <div class="opt">
        Bucket value
        <Select
          label="Bucket value"
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

type OwnKind = SmoothingKind | 'inherit';
const OWN_CHOICES: Choice<OwnKind>[] = [['inherit', 'As workspace'], ...SMOOTHING_CHOICES];

function PanelSmoothing({ id }: { id: string }) {
  const own = parseSmoothing(panelSettings(id).smooth);
  const choose = (kind: OwnKind) => {
    if (kind === 'inherit') return setPanel(id, { smooth: null });
    const { showOriginal } = smoothing.peek();
    const value = { kind, amount: DEFAULT_AMOUNT[kind], showOriginal };
    return setPanel(id, { smooth: formatSmoothing(value) });
  };
  return (
    <>
      <div class="opt">
        Smoothing
        <Select
          label="Smoothing of this panel"
          value={own?.kind ?? 'inherit'}
          choices={OWN_CHOICES}
          onChange={choose}
        />
      </div>
      {own && own.kind !== 'none' && (
        <div class="opt">
          <Slider
            label="Amount for this panel"
            value={own.amount}
            {...SMOOTHING_RANGE[own.kind]}
            onInput={(amount) =>
              setPanel(id, { smooth: formatSmoothing({ ...own, amount }) }, 'replace')
            }
          />
          <span>{own.amount}</span>
        </div>
      )}
    </>
  );
}
