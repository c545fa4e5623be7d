/** Importance of each setting for a result, and its correlation with it. */

import { useEffect, useMemo, useRef } from 'preact/hooks';
import { type Factor, type Importance, TREES } from '../../math/importance';
import { counted, formatExact } from '../../math/numbers';
import type { Note } from '../../model/types';
import type { OwnPanel } from '../../state/added/addedPanels';
import { type Sample, sampleOf, useImportance } from '../../state/added/importance';
import { exposePanel } from '../../state/panels';
import { columnName } from '../../state/runs/runColumns';
import { useScope } from '../../state/workspace/workspace';

/** Below this share of explained variance, importances are mostly noise. */
const WEAK_SCORE = 0.1;

interface OwnImportanceProps {
  panel: OwnPanel;
  sample: Sample;
  /** Null until it is computed. */
  found: Importance | null;
}

/** What the panel is about, what was found, and what is said of it beside the title. */
export function useOwnImportance(panel: OwnPanel) {
  const { workspace, runs: shown } = useScope();
  const runs = panel.onlyShown ? shown.value : workspace.filtered.value;
  const by = panel.keys[0];
  const same = runs.map(({ uid, version }) => `${uid} ${version}`).join();
  const sample = useMemo(() => sampleOf(runs, by), [same, by]);
  const found = useImportance(sample);
  return { sample, found, notes: found ? notesOf(found, sample.left) : [] };
}

export function OwnImportance({ panel, sample, found }: OwnImportanceProps) {
  const by = panel.keys[0];
  useExposed(panel, found, sample.refusal);
  if (sample.refusal) {
    return (
      <div class="message">
        <span>
          No importance for <b>{columnName(by)}</b>.
        </span>
        <span class="mid">{sample.refusal}</span>
      </div>
    );
  }
  if (!found) return <p class="message mid">Growing {TREES} trees…</p>;
  return (
    <div class="importance">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus */}
      <section class="scroll" tabIndex={0} aria-label={`Settings by importance for ${by}`}>
        <Factors factors={found.factors} />
        <How found={found} metric={columnName(by)} />
      </section>
    </div>
  );
}

function notesOf({ runs, score }: Importance, left: number): Note[] {
  const of =
    left > 0 ? `the newest ${runs} of ${counted(runs + left, 'run')}` : counted(runs, 'run');
  const weak = !(score >= WEAK_SCORE);
  const text = `${of}, R² ${Number.isNaN(score) ? '–' : score.toFixed(2)}`;
  if (!weak) return [{ text, tone: 'plain' }];
  return [{ text: `${text}: explains little`, tone: 'warn' }];
}

function Factors({ factors }: { factors: Factor[] }) {
  const largest = Math.max(...factors.map(({ importance }) => importance));
  return (
    <table class="table">
      <thead>
        <tr>
          <th>Setting</th>
          <th>Importance</th>
          <th class="r-num" title="Pearson: how near to a straight line">
            Linear
          </th>
          <th class="r-num" title="Spearman: how steadily it rises or falls">
            Rank
          </th>
        </tr>
      </thead>
      <tbody>
        {factors.flatMap((factor) => [
          <Row key={factor.name} factor={factor} largest={largest} />,
          ...factor.values.map((value) => (
            <Row key={`${factor.name}=${value.name}`} factor={value} largest={largest} part />
          )),
        ])}
      </tbody>
    </table>
  );
}

interface RowProps {
  factor: Factor;
  largest: number;
  /** One value of the text above. */
  part?: boolean;
}

function Row({ factor: { name, importance, runs, ...rest }, largest, part }: RowProps) {
  const share = largest > 0 ? importance / largest : 0;
  const title = `${name}, ${counted(runs, 'run')}`;
  return (
    <tr class={part ? 'part' : ''}>
      <td class="ell" title={title}>
        {name}
      </td>
      <td title={formatExact(importance)}>
        <span class="share">
          <i style={{ '--v': `${share * 100}%` }} />
          {importance.toFixed(2)}
        </span>
      </td>
      <Correlation value={rest.pearson} />
      <Correlation value={rest.spearman} />
    </tr>
  );
}

/** Sign and length of a correlation as a bar from the middle. */
function Correlation({ value }: { value: number }) {
  if (Number.isNaN(value)) return <td class="r-num" />;
  const text = value.toFixed(2).replace('-', '−');
  return (
    <td class="r-num" title={formatExact(value)}>
      <span
        class={`signed ${value < 0 ? 'neg' : ''}`}
        style={{ '--v': `${Math.abs(value) * 50}%` }}
      >
        {text}
      </span>
    </td>
  );
}

function How({ found, metric }: { found: Importance; metric: string }) {
  const left = [
    [found.constant, 'the same in all runs'],
    [found.wordy, 'a text with too many different values'],
  ] as const;
  return (
    <details class="how">
      <summary>How this is computed</summary>
      <p>
        {TREES} regression trees, each grown on its own draw of the {found.runs} runs with a fixed
        seed, predict {metric} from the settings. Importance is the share of all splits' fall in
        squared error that splits on a setting make (all add up to 1); it says nothing about cause.
        R² is that of runs which a tree has not seen: 1 is perfect, 0 no better than the mean.
      </p>
      <p>
        Linear is Pearson's correlation, Rank is Spearman's. A text is compared value by value; a
        run without a number counts in the trees as the median.
      </p>
      {left.map(
        ([names, why]) =>
          names.length > 0 && (
            <p key={why}>
              Left out, {why}: {names.join(', ')}.
            </p>
          ),
      )}
    </details>
  );
}

/** What is on screen, for `window.lossboard.panels`. */
function useExposed(panel: OwnPanel, found: Importance | null, refusal: string | null): void {
  const drawn = useRef<unknown>(null);
  drawn.current = found ?? (refusal ? { refusal } : null);
  const { id, kind, keys } = panel;
  useEffect(
    () => exposePanel(id, () => ({ id, kind, key: keys[0], runs: [], data: drawn.current })),
    [id],
  );
}
