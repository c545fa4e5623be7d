/** The single step of the open histogram: B, the reference A, or other runs at the same step. */

import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Key, Run } from '../../api/types';
import { StepPanel } from '../../charts/histograms/stepPanel';
import { finestPieces } from '../../math/histogram';
import { counted, formatCount } from '../../math/numbers';
import { quantiles } from '../../math/percentiles';
import type { Choice, Note, StepOptions, StepOverlay } from '../../model/types';
import { setReference } from '../../state/histograms/focus';
import type { EventSeries } from '../../state/histograms/histograms';
import { panelId } from '../../state/panelIds';
import { colorOf, cssColor } from '../../state/runs/visibility';
import { formatSpan, params, parseSpan, type Span, setParams } from '../../state/view/view';
import { ChartBox } from '../panel/ChartBox';
import { NoteBadges } from '../panel/NoteBadges';
import { Check, IconButton, NumberField, Segments, Select, Slider } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { VALUE_SCALES } from './HistogramActions';

interface FocusStepProps {
  field: Key;
  run: Run;
  series: EventSeries;
  current: number;
  reference: number | null;
  overlays: StepOverlay[];
  /** Other shown runs that have this key. */
  comparable: number;
}

const DRAW: Choice<StepOptions['draw']>[] = [
  ['bars', 'Bars'],
  ['kde', 'KDE'],
  ['both', 'Both'],
];
const HEIGHTS: Choice<StepOptions['y']>[] = [
  ['auto', 'Auto'],
  ['density', 'Density'],
  ['count', 'Count'],
];

/** The slider is logarithmic: a tenth of the rule's bandwidth to ten times. */
const MOST_BANDWIDTH = 10;

function useOptions(): StepOptions {
  const { fdraw, fbw, fy, fscale, fvalue } = params.value;
  return useMemo(() => {
    const span = parseSpan(fvalue);
    return {
      draw: (fdraw as StepOptions['draw'] | undefined) ?? 'both',
      bandwidth: Number(fbw) || 1,
      y: (fy as StepOptions['y'] | undefined) ?? 'auto',
      x: {
        scale: fscale === 'symlog' ? 'symlog' : 'linear',
        window: { min: span?.[0] ?? null, max: span?.[1] ?? null },
      },
    };
  }, [fdraw, fbw, fy, fscale, fvalue]);
}

const set = (name: string, value: string, usual: string) =>
  setParams({ [name]: value === usual ? null : value }, 'replace');

export function FocusStep(props: FocusStepProps) {
  const { field, run, overlays } = props;
  const options = useOptions();
  const notes = useSignal<Note[]>([]);
  const { bandwidth } = options;
  const setBandwidth = (value: number) => {
    const clamped = Math.min(MOST_BANDWIDTH, Math.max(1 / MOST_BANDWIDTH, value));
    set('fbw', String(Number(clamped.toFixed(2))), '1');
  };
  return (
    <>
      <div class="bar">
        <Pins {...props} />
        <div class="stretch" />
        <Segments
          label="Bars or density"
          value={options.draw}
          choices={DRAW}
          onChange={(draw) => set('fdraw', draw, 'both')}
        />
        <div class="grp">
          <span class="lbl">Bandwidth</span>
          <Slider
            label="Bandwidth"
            value={Math.log10(bandwidth)}
            min={-1}
            max={1}
            step={0.02}
            onInput={(power) => setBandwidth(10 ** power)}
          />
          <NumberField
            label="Bandwidth as a number"
            text={`${bandwidth}×`}
            onCommit={setBandwidth}
          />
        </div>
        <div class="grp">
          <span class="lbl">Y</span>
          <Select
            label="Y axis"
            value={options.y}
            choices={HEIGHTS}
            onChange={(y) => set('fy', y, 'auto')}
          />
        </div>
        <div class="grp">
          <span class="lbl">Values</span>
          <Select
            label="Value axis"
            value={options.x.scale}
            choices={VALUE_SCALES}
            onChange={(scale) => set('fscale', scale, 'linear')}
          />
          <RangeButton overlays={overlays} />
        </div>
      </div>
      <div class="single">
        <ChartBox
          make={StepPanel}
          data={overlays}
          options={options}
          panel={{
            id: panelId({ kind: 'step', key: field.key }),
            kind: 'step',
            key: field.key,
            runs: [run.uid],
          }}
          callbacks={{
            onNotes: (drawn) => (notes.value = drawn),
            onValueZoom: (v0, v1) =>
              setParams(
                { fvalue: v0 === null || v1 === null ? null : formatSpan([v0, v1]) },
                'push',
              ),
          }}
        />
        <div class="remarks t11">
          <NoteBadges notes={notes} />
        </div>
      </div>
    </>
  );
}

/** Cuts off the tails: where one bin holds nearly all, the middle is worth a look of its own. */
function RangeButton({ overlays }: { overlays: StepOverlay[] }) {
  const zoomed = parseSpan(params.value.fvalue) !== null;
  const toggle = () => {
    const span = middleOf(overlays);
    setParams({ fvalue: zoomed || !span ? null : formatSpan(span) }, 'push');
  };
  return (
    <button
      type="button"
      class={`btn ghost ${zoomed ? 'on' : ''}`}
      aria-pressed={zoomed}
      onClick={toggle}
    >
      1–99 %
    </button>
  );
}

/** From the least 1st percentile of the shown steps to the greatest 99th. */
function middleOf(overlays: StepOverlay[]): Span | null {
  const ends = overlays.map(({ histogram }) => quantiles(finestPieces(histogram), [0.01, 0.99]));
  const from = Math.min(...ends.map(([low]) => low));
  const to = Math.max(...ends.map(([, high]) => high));
  return to > from ? [from, to] : null;
}

function Pins({ run, series, current, reference, comparable }: FocusStepProps) {
  const { step, ordinal } = series.events;
  return (
    <div class="grp pins">
      <span class="row" style={{ '--c': cssColor(colorOf(run)) }}>
        <span class="swatch" />
        <b>B</b> step {formatCount(step[current])}
      </span>
      {reference === null ? (
        <button
          type="button"
          class="btn ghost"
          title="Keep this step as the reference (a)"
          onClick={() => setReference(ordinal[current])}
        >
          <Icon name="pin" />
          Pin for comparison
        </button>
      ) : (
        <span class="row mid" style={{ '--c': 'var(--ref)' }}>
          <span class="swatch" />
          <b>A</b> step {formatCount(step[reference])}
          <IconButton icon="x" small label="Unpin" onClick={() => setReference(null)} />
        </span>
      )}
      {comparable > 0 && (
        <Check
          label={`Compare with ${counted(comparable, 'other run')}`}
          checked={params.value.cmp === '1'}
          onChange={(on) => setParams({ cmp: on ? '1' : null }, 'push')}
        />
      )}
    </div>
  );
}
