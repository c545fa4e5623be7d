/**
 * One histogram in focus: its heatmap, a slider exactly as wide, the current step B against the
 * reference A or other runs, and their statistics; beside it the tensors, to walk through.
 */

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Key, Run } from '../api/types';
import { FocusOverTime } from '../components/histograms/FocusOverTime';
import { FocusStep } from '../components/histograms/FocusStep';
import { StatisticsStrip } from '../components/histograms/StatisticsStrip';
import { StepSlider } from '../components/histograms/StepSlider';
import { TensorList } from '../components/histograms/TensorList';
import { KeyName } from '../components/panel/KeyName';
import { IconButton, Segments } from '../components/widgets/controls';
import { NameOf } from '../components/widgets/NameOf';
import { keyTitle } from '../math/keyTitle';
import { explore, prefetchExplore } from '../state/explore';
import {
  closeFocus,
  currentOrdinal,
  focusKey,
  focusRun,
  indexOf,
  moveFocus,
  referenceOrdinal,
  setCurrent,
  setReference,
} from '../state/histograms/focus';
import type { EventSeries } from '../state/histograms/histograms';
import { eventAtStep, overlayOf, tableOf } from '../state/histograms/singleEvents';
import { colorOf, cssColor } from '../state/runs/visibility';
import { HISTOGRAM_VIEWS } from '../state/view/choices';
import { copyLink } from '../state/view/share';
import { type HistogramView, params, setParams } from '../state/view/view';
import { useHistograms } from '../state/workspace/hooks';
import { useScope } from '../state/workspace/workspace';
import { Message } from './Message';

export function FocusView({ name, drawer }: { name: string; drawer: boolean }) {
  const { workspace, runs } = useScope();
  const field = workspace.store.catalogue.value.keys.find(
    ({ key, kind }) => key === name && kind === 'histogram',
  );
  const owners = field ? runs.value.filter(({ uid }) => field.runs.includes(uid)) : [];
  const chosen = field?.runs.includes(focusRun.value ?? -1)
    ? workspace.store.byUid.value.get(focusRun.value!)
    : undefined;
  const run = chosen ?? owners[0];
  if (!field || !run) {
    return <Message title={`No shown run has a histogram "${keyTitle(name)}"`} />;
  }
  const others = owners.filter(({ uid }) => uid !== run.uid);
  return (
    <>
      <TensorList field={field} run={run} open={drawer} />
      <main class="main">
        <Focused key={run.uid} field={field} run={run} others={others} />
      </main>
    </>
  );
}

interface FocusedProps {
  field: Key;
  run: Run;
  others: Run[];
}

function Focused({ field, run, others }: FocusedProps) {
  const comparing = params.value.cmp === '1';
  const compared = comparing ? others : [];
  const loaded = useHistograms([run, ...compared].map(({ uid }) => ({ run: uid, key: field.key })));
  const [plot, setPlot] = useState({ left: 56, width: 600 });
  const series = loaded.values.find(({ spec }) => spec.run === run.uid);
  const view = (params.value.fview as Exclude<HistogramView, 'step'> | undefined) ?? 'heatmap';
  const current = series ? indexOf(series, currentOrdinal.value) : -1;
  const hasReference = series && referenceOrdinal.value !== null;
  const reference = hasReference ? indexOf(series, referenceOrdinal.value) : null;
  useKeys(series, current);
  const overlays = useOverlays(series, run, current, reference, loaded.values, compared);
  return (
    <div class="focus sheet" aria-busy={loaded.waiting > 0}>
      <Title field={field} run={run} view={view} onExplore={() => exploreStep(field, overlays)} />
      {loaded.error && <p class="nothing bad">{loaded.error.message}</p>}
      {series && current >= 0 && (
        <>
          <FocusOverTime
            field={field}
            run={run}
            series={series}
            view={view}
            current={current}
            reference={reference}
            onLayout={(left, width) =>
              (left !== plot.left || width !== plot.width) && setPlot({ left, width })
            }
          />
          <StepSlider series={series} current={current} reference={reference} plot={plot} />
          <FocusStep
            field={field}
            run={run}
            series={series}
            current={current}
            reference={reference}
            overlays={overlays}
            comparable={others.length}
          />
          <StatisticsStrip overlays={overlays} />
        </>
      )}
    </div>
  );
}

const exploreStep = (field: Key, overlays: ReturnType<typeof useOverlays>) =>
  explore({ kind: 'histogram', title: keyTitle(field.key), overlays });

/** B, then A, then the other runs at the same step. */
function useOverlays(
  series: EventSeries | undefined,
  run: Run,
  current: number,
  reference: number | null,
  all: EventSeries[],
  compared: Run[],
) {
  return useMemo(() => {
    if (!series || current < 0) return [];
    const table = tableOf(series);
    const now = overlayOf(run, table.at(current));
    const before =
      reference === null
        ? []
        : [{ ...overlayOf(run, table.at(reference)), id: 'A', reference: true }];
    const rest = compared.flatMap((other) => {
      const theirs = all.find(({ spec }) => spec.run === other.uid);
      const at = theirs ? eventAtStep(theirs, now.histogram.step) : -1;
      return theirs && at >= 0 ? [overlayOf(other, tableOf(theirs).at(at))] : [];
    });
    return [now, ...before, ...rest];
  }, [series, run.name, colorOf(run), current, reference, all, compared.length]);
}

interface TitleProps {
  field: Key;
  run: Run;
  view: Exclude<HistogramView, 'step'>;
  onExplore(): void;
}

const OVER_TIME = HISTOGRAM_VIEWS.filter(([view]) => view !== 'step');

function Title({ field, run, view, onExplore }: TitleProps) {
  return (
    <header class="title" style={{ '--c': cssColor(colorOf(run)) }}>
      <IconButton icon="left" label="Back to all panels" onClick={closeFocus} />
      <KeyName name={field.key} />
      <span class="dot" />
      <span class="mid ell" title={run.name}>
        <NameOf name={run.name} />
      </span>
      <div class="stretch" />
      <Segments
        label="View over steps"
        value={view}
        choices={OVER_TIME as (typeof OVER_TIME)[number][] as [typeof view, string][]}
        onChange={(next) => setParams({ fview: next === 'heatmap' ? null : next }, 'replace')}
      />
      <IconButton icon="link" label="Copy link" onClick={() => void copyLink()} />
      <span onPointerEnter={prefetchExplore}>
        <IconButton icon="expand" label={`Explore ${keyTitle(field.key)}`} onClick={onExplore} />
      </span>
    </header>
  );
}

/** Arrow keys go over events, A pins the reference, j and k go over tensors, Escape closes. */
function useKeys(series: EventSeries | undefined, current: number): void {
  const { workspace } = useScope();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const { ordinal } = series?.events ?? { ordinal: new Float64Array(0) };
      const jump = (event.shiftKey ? 10 : 1) * ({ ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? 0);
      if (jump && ordinal.length > 0) {
        event.preventDefault();
        setCurrent(ordinal[Math.max(0, Math.min(ordinal.length - 1, current + jump))]);
      } else if (event.key === 'j' || event.key === 'k') {
        walk(workspace.store.catalogue.peek().keys, event.key === 'j' ? 1 : -1);
      } else if (event.key === 'a' && current >= 0) setReference(ordinal[current]);
      else if (event.key === 'Escape') closeFocus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [series, current]);
}

/** A range input moves by itself; letters belong to text fields. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, select, textarea, dialog') !== null;
}

function walk(keys: Key[], step: number): void {
  const open = focusKey.peek() ?? '';
  const prefix = open.slice(0, open.indexOf('/') + 1);
  const names = keys
    .filter(({ key, kind }) => kind === 'histogram' && key.startsWith(prefix))
    .map(({ key }) => key);
  const at = names.indexOf(open);
  moveFocus(names[Math.max(0, Math.min(names.length - 1, at + step))]);
}
