/** X, its range and scale, and the range of y, of one line panel alone. */

import { isDuration } from '../../charts/axes';
import { parseDuration } from '../../math/duration';
import type { Choice, Window } from '../../model/types';
import { cascaded, inherited } from '../../state/lines/cascade';
import { xKind } from '../../state/lines/lines';
import { parsePanelId } from '../../state/panelIds';
import { say } from '../../state/toasts';
import {
  formatRange,
  formatXRange,
  logX,
  panelSettings,
  parseRange,
  setPanel,
  type XAxis,
  xRangeOf,
} from '../../state/view/view';
import { Check, IconButton, NumberField, Select } from '../widgets/controls';
import './lines.css';
import { useXChoices } from '../../state/workspace/xChoices';

export function AxisSettings({ id, x }: { id: string; x: string }) {
  const settings = panelSettings(id);
  const above = inherited(id).x ? 'Same as section' : 'Same as workspace';
  const axes: Choice<XAxis | ''>[] = [
    ['', above],
    ...useXChoices(parsePanelId(id)?.kind === 'system'),
  ];
  return (
    <>
      <div class="opt">
        X
        <Select
          label="X axis of this panel"
          value={settings.x ?? ''}
          choices={axes}
          onChange={(next) => setPanel(id, { x: next || null, zoom: null })}
        />
      </div>
      <RangeRow
        of="y"
        range={parseRange(settings.yrange)}
        onChange={(range) => setPanel(id, { yrange: formatRange(range) })}
      />
      <RangeRow
        of="x"
        kind={xKind(x).kind}
        range={xRangeOf(settings, x)}
        onChange={(range) => setPanel(id, { xrange: formatXRange(range, x), zoom: null })}
      />
      <div class="opt">
        <Check
          label="Log scale (x)"
          checked={logX(cascaded(id))}
          onChange={(on) =>
            setPanel(id, { xlog: on === logX(inherited(id)) ? null : on ? '1' : '0' })
          }
        />
      </div>
    </>
  );
}

interface RangeRowProps {
  of: 'x' | 'y';
  kind?: ReturnType<typeof xKind>['kind'];
  range: Window;
  onChange(range: Window): void;
}

function RangeRow({ of, kind, range, onChange }: RangeRowProps) {
  const { min, max } = range;
  const set = (from: number | null, to: number | null) => {
    if (from !== null && from === to) say(`The ${of} range needs two different ends`);
    else if (from !== null && to !== null && from > to) onChange({ min: to, max: from });
    else onChange({ min: from, max: to });
  };
  const timed = kind && isDuration(kind);
  const Bound = kind === 'time' ? TimeField : timed ? DurationField : BoundField;
  const unit = kind && isDuration(kind) ? ' (seconds)' : '';
  return (
    <div class={`opt ${kind === 'time' ? 'tall' : ''}`}>
      {of.toUpperCase()} range
      {unit && ' (s)'}
      <span class="row">
        <Bound label={`Lowest ${of}${unit}`} value={min} onChange={(value) => set(value, max)} />
        –
        <Bound label={`Highest ${of}${unit}`} value={max} onChange={(value) => set(min, value)} />
        <IconButton
          small
          icon="reset"
          label={`Automatic ${of} range`}
          disabled={min === null && max === null}
          onClick={() => onChange({ min: null, max: null })}
        />
      </span>
    </div>
  );
}

type Parse = typeof parseDuration;

interface BoundProps {
  label: string;
  value: number | null;
  onChange(value: number | null): void;
}

function BoundField({ label, value, onChange, parse }: BoundProps & { parse?: Parse }) {
  return (
    <NumberField
      label={label}
      class="bound"
      placeholder="auto"
      text={value === null ? '' : String(value)}
      parse={parse}
      onCommit={onChange}
      onClear={() => onChange(null)}
    />
  );
}

/** Seconds, which may be typed in other units. */
const DurationField = (props: BoundProps) => <BoundField {...props} parse={parseDuration} />;

const MINUTE_MS = 60_000;

/** Microseconds as the local time that a field of the browser takes. */
function localTime(timeUs: number): string {
  const ms = timeUs / 1000;
  const offsetMs = new Date(ms).getTimezoneOffset() * MINUTE_MS;
  return new Date(ms - offsetMs).toISOString().slice(0, 19);
}

function TimeField({ label, value, onChange }: BoundProps) {
  return (
    <input
      type="datetime-local"
      step={1}
      class="num bound"
      aria-label={label}
      value={value === null ? '' : localTime(value)}
      onChange={({ currentTarget: { value: text } }) =>
        onChange(text ? new Date(text).getTime() * 1000 : null)
      }
    />
  );
}
