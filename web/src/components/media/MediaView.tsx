/** A media key over the shown runs: at one step, the last value of each run up to it. */

import { signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ApiError } from '../../api/client';
import type { Key } from '../../api/types';
import type { Note } from '../../charts/types';
import { keyTitle } from '../../math/keyTitle';
import { mediaItems } from '../../math/media';
import { lastAtOrBefore } from '../../math/search';
import { type RunRows, useMediaRows } from '../../state/media';
import { exposePanel } from '../../state/panels';
import { params, setParams } from '../../state/view';
import { useScope } from '../../state/workspace';
import { IconButton } from '../controls';
import { Dialog } from '../Dialog';
import type { OwnFrame } from '../fieldViews';
import { KeyName } from '../KeyName';
import { Panel } from '../Panel';
import { MediaBox, type RunItems } from './MediaBox';
import { MediaSteps } from './MediaSteps';
import '../../styles/media.css';

const MOST_RUNS = 12;

interface MediaViewProps {
  field: Key;
  own?: OwnFrame;
}

export function MediaView({ field, own }: MediaViewProps) {
  const id = own?.id ?? field.key;
  const { runs } = useScope();
  const title = own?.title ?? keyTitle(field.key);
  const owners = runs.value.filter(({ uid }) => field.runs.includes(uid));
  const loaded = useMediaRows(owners.slice(0, MOST_RUNS), field.key);
  const large = useMemo(() => signal(false), []);
  const rows = loaded instanceof ApiError || !loaded ? [] : loaded;
  const steps = useMemo(() => stepsOf(rows), [loaded]);
  const at = chosenStep(id, steps);
  const shown = useMemo(() => (at === null ? [] : itemsAt(rows, at)), [loaded, at]);
  useExposed(own?.id ?? `media ${field.key}`, field, at, shown);
  const select = (step: number) =>
    setParams({ [`m.${id}`]: step === steps.at(-1) ? null : String(step) }, 'replace');
  const body = (
    <>
      <MediaBox name={title} shown={shown} single={owners.length === 1} />
      {at !== null && <MediaSteps name={title} steps={steps} at={at} onSelect={select} />}
    </>
  );
  return (
    <Panel
      label={title}
      title={<KeyName name={own?.title ?? field.key} />}
      notes={notesOf(owners.length)}
      loading={loaded === null && owners.length > 0}
      error={loaded instanceof ApiError ? loaded : null}
      actions={
        <>
          <IconButton
            icon="expand"
            label={`Explore ${title}`}
            small
            onClick={() => {
              large.value = true;
            }}
          />
          {own?.actions}
        </>
      }
    >
      {owners.length === 0 && <p class="message">None of the shown runs logs this key.</p>}
      {!large.value && body}
      <Dialog open={large} label={title} class="largemedia">
        <div class="head">
          <KeyName name={own?.title ?? field.key} />
          <div class="sp" />
          <IconButton
            icon="x"
            label="Close"
            onClick={() => {
              large.value = false;
            }}
          />
        </div>
        {body}
      </Dialog>
    </Panel>
  );
}

/** The steps at which any of the runs logged the key. */
export function stepsOf(all: RunRows[]): number[] {
  const steps = new Set(all.flatMap(({ rows }) => rows.map(({ step }) => step)));
  return [...steps].sort((a, b) => a - b);
}

/** The step in the address, or the last one, which moves on while a run grows. */
export function chosenStep(id: string, steps: number[]): number | null {
  const text = params.value[`m.${id}`];
  const place = text ? Math.max(0, lastAtOrBefore(steps, Number(text))) : steps.length - 1;
  return steps[place] ?? null;
}

export function itemsAt(all: RunRows[], at: number): RunItems[] {
  return all.flatMap(({ run, rows }) => {
    const place = lastAtOrBefore(
      rows.map(({ step }) => step),
      at,
    );
    if (place < 0) return [];
    return [{ run, step: rows[place].step, items: mediaItems(rows[place].value) }];
  });
}

export const notesOf = (owners: number): Note[] =>
  owners > MOST_RUNS ? [{ text: `the first ${MOST_RUNS} of ${owners} runs`, tone: 'plain' }] : [];

/** What is on screen, for `window.lossboard.panels`. */
function useExposed(id: string, field: Key, at: number | null, shown: RunItems[]): void {
  const drawn = useRef<unknown>(null);
  drawn.current = {
    step: at,
    runs: shown.map(({ run, step, items }) => ({ run: run.run_id, step, items })),
  };
  useEffect(
    () =>
      exposePanel(id, () => {
        return { id, kind: 'media', key: field.key, runs: field.runs, data: drawn.current };
      }),
    [id],
  );
}
