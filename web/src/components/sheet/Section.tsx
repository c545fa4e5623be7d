/** A collapsible part of the sheet: the panels of all keys that begin alike, in pages. */

import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Key, Run } from '../../api/types';
import { firstNonFinite, layerRows } from '../../math/layers';
import { tellingNames } from '../../math/nameParts';
import { formatCount } from '../../math/numbers';
import { openFocus } from '../../state/histograms/focus';
import { chartTensor, isTall } from '../../state/histograms/tensors';
import { singleKeys } from '../../state/lines/singleKeys';
import { panelId } from '../../state/panelIds';
import { inOrder } from '../../state/view/layout';
import { drawnKeys, type PanelKey } from '../../state/view/machinePanels';
import { isOpen, isWide, type Section, setOpen } from '../../state/view/sections';
import { params } from '../../state/view/view';
import { useInSight, useTensors } from '../../state/workspace/hooks';
import { shownColumns } from '../../state/workspace/screen';
import { useScope } from '../../state/workspace/workspace';
import { HistogramView, MediaView, PlotView } from '../histograms/fieldViews';
import { LineView } from '../lines/LineView';
import { NEAR_PIXELS } from '../panel/Panel';
import { PanelPlace } from '../panel/PanelPlace';
import { IconButton } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { lazy } from '../widgets/lazy';

const SingleValues = lazy(() => import('../lines/SingleValues').then((m) => m.SingleValues));
const SectionMenu = lazy(() => import('../lines/SectionMenu').then((m) => m.SectionMenu));
const TensorPanels = lazy(() => import('../histograms/TensorPanels').then((m) => m.TensorPanels), {
  waiting: ({ fields }) => <Places fields={fields} />,
});
/** Layer map, RMS of all, one layer's step. */
const TENSOR_PANELS = 3;

const ROWS_A_PAGE = { scalars: 6, plots: 4, system: 6, histograms: 2, tensors: 2 };

const isLine = ({ kind }: Key): boolean => kind === 'scalar' || kind === 'system';

export function SectionView({ section }: { section: Section }) {
  const { name, keys, kind } = section;
  const { workspace, runs, single } = useScope();
  const alone = single || workspace.store.runs.value.length === 1 ? runs.value[0] : undefined;
  const singles = singleKeys(keys, alone);
  const panels = singles.length > 0 ? keys.filter((key) => !singles.includes(key)) : keys;
  const [page, setPage] = useState(0);
  const open = isOpen(section);
  const size = ROWS_A_PAGE[kind] * shownColumns.value;
  const pages = Math.ceil(panels.length / size);
  const at = Math.max(0, Math.min(page, pages - 1));
  const ordered = inOrder(name, panels, panelId);
  const shown = ordered.slice(at * size, (at + 1) * size);
  const candidates = useCandidates(section);
  const run = mainRun(candidates);
  const tensors = kind === 'tensors' && run;
  const noun = tensors ? 'tensor' : panels.length === 0 ? 'value' : 'panel';
  const place = useRef<HTMLElement>(null);
  const near = useInSight(place, NEAR_PIXELS);
  const names = useShortNames(place, kind, keys);
  return (
    <section ref={place} aria-label={`Section ${name}`}>
      <div class={`sec ${open ? '' : 'closed'}`}>
        <button
          type="button"
          class="fold"
          aria-expanded={open}
          onClick={() => setOpen(section, !open)}
        >
          <Icon name="down" />
          <b>{name}</b>
          <span class="count">
            {keys.length} {noun}
            {keys.length === 1 ? '' : 's'}
          </span>
        </button>
        <div class="stretch" />
        {open && near && tensors && <FirstNonFinite name={name} run={run} />}
        {open && panels.some(isLine) && (
          <SectionMenu name={name} title={name} timed={kind === 'system'} />
        )}
        {open && pages > 1 && (
          <Pager name={name} page={at} size={size} total={panels.length} onPage={setPage} />
        )}
      </div>
      {open && (
        <div class={`grid ${kind}`} style={{ '--cols': shownColumns.value }}>
          {tensors && !near && <Places fields={keys} />}
          {tensors && near && (
            <TensorPanels
              key={run.uid}
              name={name}
              run={run}
              candidates={candidates}
              fields={keys}
            />
          )}
          {alone && singles.length > 0 && (
            <SingleValues section={name} fields={singles} run={alone} />
          )}
          {shown.map((field) => (
            <PanelPlace
              key={panelId(field)}
              id={panelId(field)}
              section={name}
              ids={() => ordered.map(panelId)}
              wide={kind === 'plots' && isWide(field, runs.value)}
            >
              <FieldView
                field={field}
                run={run}
                plot={kind === 'plots'}
                short={names.get(field.key)}
              />
            </PanelPlace>
          ))}
        </div>
      )}
    </section>
  );
}

const LETTER_PIXELS = 7.5;
/** Of a panel's header: its padding, and whose histogram it is. */
const BESIDE_NAME = 120;

/** Names of tensors that their panels have no room for, as short as they can be told apart. */
function useShortNames(
  place: RefObject<HTMLElement | null>,
  kind: Section['kind'],
  keys: Key[],
): Map<string, string> {
  const [pixels, setPixels] = useState(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => setPixels(place.current?.clientWidth ?? 0));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  const letters = (pixels / shownColumns.value - BESIDE_NAME) / LETTER_PIXELS;
  return useMemo(() => {
    if (pixels === 0 || (kind !== 'tensors' && kind !== 'histograms')) return new Map();
    const short = tellingNames(keys.map(({ key }) => key));
    return new Map([...short].filter(([key]) => key.length > letters));
  }, [kind, keys, letters, pixels === 0]);
}

/** Keeps the place of the panels of tensors that are not mounted yet. */
function Places({ fields }: { fields: Key[] }) {
  const map = isTall(fields) ? 'span2 tall' : 'span2';
  return (
    <>
      {Array.from({ length: TENSOR_PANELS }, (_, i) => (
        <div class={`panel ${i === 0 ? map : ''}`} key={i} />
      ))}
    </>
  );
}

interface FieldViewProps {
  field: PanelKey;
  run: Run | undefined;
  /** The key is the table of a chart. */
  plot: boolean;
  /** As much of its name as tells it from others, where there is no room for all of it. */
  short: string | undefined;
}

function FieldView({ field, run, plot, short }: FieldViewProps) {
  if (field.kind === 'json') return plot ? <PlotView field={field} /> : <MediaView field={field} />;
  if (field.kind !== 'histogram') return <LineView fields={drawnKeys(field)} of={field} />;
  const { runs } = useScope();
  const owner = run && field.runs.includes(run.uid) ? run : undefined;
  const shown = owner ?? runs.value.find(({ uid }) => field.runs.includes(uid));
  return shown ? <HistogramView field={field} run={shown} short={short} /> : null;
}

function useCandidates(section: Section): Run[] {
  const { runs } = useScope();
  const owners = new Set(section.keys.filter((k) => k.kind === 'histogram').flatMap((k) => k.runs));
  return runs.value.filter(({ uid }) => owners.has(uid));
}

/** The run whose tensors are shown over time: chosen, else the first shown one that has them. */
function mainRun(candidates: Run[]): Run | undefined {
  const chosen = Number(params.value.trun);
  return candidates.find(({ uid }) => uid === chosen) ?? candidates[0];
}

interface PagerProps {
  name: string;
  page: number;
  size: number;
  total: number;
  onPage(page: number): void;
}

function Pager({ name, page, size, total, onPage }: PagerProps) {
  const last = Math.ceil(total / size) - 1;
  const from = page * size + 1;
  const to = Math.min(total, from + size - 1);
  return (
    <div class="pager">
      <IconButton
        icon="left"
        label={`Panels before these of ${name}`}
        small
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      />
      {from}–{to} of {total}
      <IconButton
        icon="right"
        label={`Panels after these of ${name}`}
        small
        disabled={page === last}
        onClick={() => onPage(page + 1)}
      />
    </div>
  );
}

/** The first NaN or infinity of a section: where trouble began. */
function FirstNonFinite({ name, run }: { name: string; run: Run }) {
  const answer = useTensors(run.uid, `${name}/`).values[0];
  if (!answer) return null;
  const data = {
    width: answer.grid.width,
    tensors: answer.tensors.map(chartTensor),
    against: [],
  };
  const found = firstNonFinite(layerRows(data, 'nonFinite'));
  if (!found) return null;
  return (
    <button type="button" class="badge bad" onClick={() => openFocus(found.key, run.uid, null)}>
      <Icon name="warn" />
      First non-finite: {found.key.slice(name.length + 1)} at step {formatCount(found.x)}
    </button>
  );
}
