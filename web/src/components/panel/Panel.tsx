/** The frame of every panel: header with key, notes and actions; states over the plot. */

import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { ApiError } from '../../api/client';
import { stale } from '../../api/live';
import { counted } from '../../math/numbers';
import type { Legend, Note } from '../../model/types';
import { countRender } from '../../state/panels';
import { useScope } from '../../state/workspace/workspace';
import { Icon } from '../widgets/Icon';
import { FullControls } from './FullScreen';
import { Ramp } from './Ramp';

interface PanelProps {
  label: string;
  title: ComponentChildren;
  notes?: Note[];
  /** What the chart says of what it draws; the panel is not rendered again for it. */
  drawnNotes?: ReadonlySignal<Note[]>;
  /** Ends of the colour ramp, for pictures that have one. */
  legend?: ReadonlySignal<Legend | null>;
  /** Controls that are always there; `actions` appear on hover and focus. */
  controls?: ComponentChildren;
  actions?: ComponentChildren;
  loading?: boolean;
  error?: ApiError | null;
  wide?: boolean;
  /** Of twice the height. */
  tall?: boolean;
  children: ComponentChildren;
}

export function Panel(props: PanelProps) {
  const { label, title, controls, actions, loading, error, wide, tall } = props;
  countRender(label);
  return (
    <section class={`panel ${wide ? 'span2' : ''} ${tall ? 'tall' : ''}`} aria-label={label}>
      {loading && <div class="prog" role="progressbar" aria-label={`Loading ${label}`} />}
      <div class="panelhead">
        {title}
        {controls}
        <div class="stretch" />
        <Notes own={props.notes ?? []} drawn={props.drawnNotes} />
        <PanelRamp legend={props.legend} />
        <span class="acts">
          {actions}
          <FullControls label={label} />
        </span>
      </div>
      {props.children}
      {error && <Failure error={error} />}
    </section>
  );
}

/** The gravest note, and how many more there are: all of them are in the title. */
function Notes({ own, drawn }: { own: Note[]; drawn: PanelProps['drawnNotes'] }) {
  if (stale.value) {
    return (
      <span class="badge warn">
        <Icon name="clock" />
        stale, reconnecting
      </span>
    );
  }
  const notes = [...own, ...(drawn?.value ?? [])];
  const [first, ...rest] = [...notes].sort((a, b) => weight(a) - weight(b));
  if (!first) return null;
  const all = notes.map(({ text }) => text).join('\n');
  return (
    <span class={`badge ell ${first.tone} ${first.quiet ? 'quiet' : ''}`} title={all}>
      {first.tone !== 'plain' && <Icon name="warn" />}
      {first.text}
      {rest.length > 0 && ` · +${counted(rest.length, 'note')}`}
    </span>
  );
}

function PanelRamp({ legend }: Pick<PanelProps, 'legend'>) {
  return <Ramp legend={legend?.value ?? null} />;
}

const TONES: Record<Note['tone'], number> = { bad: 0, warn: 1, plain: 2 };
const weight = ({ tone, quiet }: Note): number => TONES[tone] + (quiet ? 1 : 0);

function Failure({ error }: { error: ApiError }) {
  const { workspace } = useScope();
  return (
    <div class="message" role="alert">
      <b>{error.message}</b>
      <span class="mid">Your zoom and pins are kept.</span>
      <button type="button" class="btn" onClick={() => workspace.retry()}>
        <Icon name="reset" />
        Try again
      </button>
    </div>
  );
}

/** How far from sight a panel is mounted already, and how far away it is dropped again. */
export const NEAR_PIXELS = 320;
