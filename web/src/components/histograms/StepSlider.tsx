/** The slider over events: its track has the pixels of the heatmap above it. */

import { useEffect, useState } from 'preact/hooks';
import { eventRank, placeEvents } from '../../math/events';
import { formatCount, ordinal } from '../../math/numbers';
import { lastAtOrBefore, nearestIndex } from '../../math/search';
import { eventAxis, eventZoomOf } from '../../state/histograms/eventAxis';
import { setCurrent } from '../../state/histograms/focus';
import type { EventSeries } from '../../state/histograms/histograms';
import { panelId } from '../../state/panelIds';
import { IconButton, NumberField } from '../widgets/controls';

interface StepSliderProps {
  series: EventSeries;
  current: number;
  reference: number | null;
  /** Plot area of the heatmap, in pixels of its host. */
  plot: { left: number; width: number };
}

const STEPS_A_SECOND = 12;
/** Half a thumb: a range input's thumb stops this far from the ends of its track. */
const THUMB_HALF = 7;

export function StepSlider({ series, current, reference, plot }: StepSliderProps) {
  const id = panelId({ kind: 'histogram', key: series.spec.key });
  const { position, order } = placeEvents(series.events, eventAxis(id));
  const zoom = eventZoomOf(id);
  const [from, to] = zoom ?? [position[0], position[position.length - 1]];
  const places = Array.from(order);
  const at = position[places.indexOf(current)];
  const share = (x: number) => ((x - from) / (to - from || 1)) * 100;
  const select = (index: number) => setCurrent(series.events.ordinal[index]);
  const moveTo = (x: number) => {
    const place = lastAtOrBefore(position.subarray(0, order.length), x);
    select(order[Math.max(0, place)]);
  };
  return (
    <>
      <div class="scrub">
        <Play series={series} current={current} onStep={select} />
        <input
          type="range"
          class="slider"
          aria-label="Step of B"
          aria-valuetext={eventText(series, current)}
          min={from}
          max={to}
          step="any"
          value={at}
          style={{
            '--v': `${Math.min(100, Math.max(0, share(at)))}%`,
            left: `${plot.left - THUMB_HALF}px`,
            width: `${plot.width + 2 * THUMB_HALF}px`,
          }}
          onInput={(event) => moveTo(Number(event.currentTarget.value))}
          onKeyDown={(event) => byEvents(event, series, current, select)}
        />
        {reference !== null && (
          <span
            class="ref"
            style={{
              left: `${plot.left + (share(position[places.indexOf(reference)]) / 100) * plot.width}px`,
            }}
          />
        )}
      </div>
      <p class="moment row t12 dim">
        Step
        <NumberField
          label="Step of B as a number"
          text={formatCount(series.events.step[current])}
          onCommit={(step) => select(Math.max(0, nearestIndex(series.events.step, step)))}
        />
        {placeText(series, current)}
      </p>
    </>
  );
}

/** Arrow keys go from event to event, not by fractions of the track. */
function byEvents(
  event: KeyboardEvent,
  series: EventSeries,
  current: number,
  select: (index: number) => void,
): void {
  const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  event.stopPropagation();
  const last = series.events.step.length - 1;
  select(Math.max(0, Math.min(last, current + step * (event.shiftKey ? 10 : 1))));
}

/** `Step 3,200 · batch 30 (1st of 3 recorded there)`. */
function eventText(series: EventSeries, index: number): string {
  return `Step ${formatCount(series.events.step[index])} ${placeText(series, index)}`;
}

/** Which event of its step it is; events that were left out are said too. */
function placeText({ events, n, stride }: EventSeries, index: number): string {
  const { rank, of } = eventRank(events, index);
  const batch = events.batch[index];
  const counted = batch >= 0 ? `· batch ${formatCount(batch)}` : '';
  const several = of > 1 ? ` (${ordinal(rank)} of ${of} recorded there)` : '';
  const left = stride > 1 ? ` · one of each ${stride} of ${formatCount(n)} events is here` : '';
  return counted + several + left;
}

interface PlayProps {
  series: EventSeries;
  current: number;
  onStep(index: number): void;
}

/** Goes through the events, 12 a second, and stops at the last. */
function Play({ series, current, onStep }: PlayProps) {
  const [playing, setPlaying] = useState(false);
  const last = series.events.step.length - 1;
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      if (current < last) onStep(current + 1);
      else setPlaying(false);
    }, 1000 / STEPS_A_SECOND);
    return () => clearTimeout(timer);
  }, [playing, current, last]);
  const start = () => {
    if (!playing && current === last) onStep(0);
    setPlaying(!playing);
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== ' ' || event.target !== document.body) return;
      event.preventDefault();
      start();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
  return (
    <IconButton
      class="play"
      icon={playing ? 'pause' : 'play'}
      label={playing ? 'Stop' : 'Play the steps'}
      onClick={start}
    />
  );
}
