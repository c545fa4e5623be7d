/** The actions of a histogram panel: open, choose view and axis, explore, copy a link. */

import { useRef } from 'preact/hooks';
import { hasBatches } from '../../math/events';
import type {
  Choice,
  HeatColor,
  HistogramAxis,
  HistogramEvents,
  ValueScale,
} from '../../model/types';
import { eventAxis, setEventAxis } from '../../state/histograms/eventAxis';
import { HISTOGRAM_VIEWS } from '../../state/view/choices';
import { copyLink } from '../../state/view/share';
import { type HistogramView, panelSettings, setPanel } from '../../state/view/view';
import { useScope } from '../../state/workspace/workspace';
import { Downloads } from '../panel/Downloads';
import { Check, IconButton, Select } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { Menu } from '../widgets/Menu';

interface HistogramActionsProps {
  id: string;
  title: string;
  view: HistogramView;
  onView(view: HistogramView): void;
  /** Null while they are on their way. */
  events: HistogramEvents | null;
  open(): void;
  explore(): void;
  /** All bins that the panel holds. */
  csv(): void;
}

export function HistogramActions(props: HistogramActionsProps) {
  const { id, title, view, onView, events, open, explore, csv } = props;
  const place = useRef<HTMLSpanElement>(null);
  return (
    <span class="row" ref={place}>
      <IconButton icon="expand" label={`Explore ${title}`} small onClick={explore} />
      <Menu icon="more" label={`Views of ${title}`} small>
        {(close) => (
          <>
            {HISTOGRAM_VIEWS.map(([choice, label]) => (
              <button
                type="button"
                key={choice}
                aria-pressed={choice === view}
                onClick={() => {
                  close();
                  onView(choice);
                }}
              >
                <span class={`stretch ${choice === view ? 'bold' : ''}`}>{label}</span>
              </button>
            ))}
            {view !== 'step' && <OverTimeSettings id={id} view={view} events={events} />}
            <hr />
            <button
              type="button"
              onClick={() => {
                close();
                open();
              }}
            >
              <span class="stretch">Open with step slider</span>
            </button>
            <button
              type="button"
              onClick={() => {
                close();
                void copyLink();
              }}
            >
              <Icon name="link" />
              Copy link to this panel
            </button>
            <Downloads
              close={close}
              picture={{
                panel: () => place.current!.closest('.panel')!,
                title,
                axes: axesOf(view, eventAxis(id), events),
              }}
              kinds={{ csv }}
            />
          </>
        )}
      </Menu>
    </span>
  );
}

const COLORS: Choice<HeatColor>[] = [
  ['log', 'Counts, log'],
  ['linear', 'Counts, linear'],
  ['event', 'Share of its step'],
];

export const VALUE_SCALES: Choice<ValueScale>[] = [
  ['linear', 'Linear'],
  ['symlog', 'Symlog'],
];

/** Of the views over time. */
function OverTimeSettings({
  id,
  view,
  events,
}: Pick<HistogramActionsProps, 'id' | 'view' | 'events'>) {
  const { color = 'log', scale = 'linear', all } = panelSettings(id);
  const { single } = useScope();
  return (
    <>
      {!single && (
        <div class="opt">
          <Check
            label="All shown runs"
            checked={all === '1'}
            onChange={(on) => setPanel(id, { all: on ? '1' : null })}
          />
        </div>
      )}
      <div class="opt">
        X
        <Select
          label="X of the histograms"
          value={eventAxis(id)}
          choices={axisChoices(events)}
          onChange={(axis) => setEventAxis(id, axis)}
        />
      </div>
      <div class="opt">
        Values
        <Select
          label="Axis of the values"
          value={scale}
          choices={VALUE_SCALES}
          onChange={(next) => setPanel(id, { scale: next === 'linear' ? null : next })}
        />
      </div>
      {view === 'heatmap' && (
        <div class="opt">
          Colour
          <Select
            label="Colour of the cells"
            value={color}
            choices={COLORS}
            onChange={(next) => setPanel(id, { color: next === 'log' ? null : next })}
          />
        </div>
      )}
    </>
  );
}

/** What the axes of a picture are called: the value lies along y where x is the time. */
function axesOf(view: HistogramView, axis: HistogramAxis, events: HistogramEvents | null) {
  if (view === 'step') return { x: 'Value', y: '' };
  const moment = axisChoices(events).find(([known]) => known === axis)![1];
  return view === 'ridgeline' ? { x: 'Value', y: moment } : { x: moment, y: 'Value' };
}

/** Only `watch` counts batches; events of `log` are numbered. */
const axisChoices = (events: HistogramEvents | null): Choice<HistogramAxis>[] => [
  ['step', 'Step'],
  ['batch', events && !hasBatches(events) ? 'Event number' : 'Batch'],
  ['time', 'Wall time'],
];

/** Says the axis where it is another than the step, which needs no words. */
export function AxisBadge({ axis, events }: { axis: HistogramAxis; events: HistogramEvents }) {
  if (axis === 'step') return null;
  const name = axisChoices(events).find(([known]) => known === axis)![1];
  return <span class="badge">by {name.toLowerCase()}</span>;
}
