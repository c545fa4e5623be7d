/** Who a run is, at a glance: name, state, tags, times, steps, host, main metrics. */

import type { ComponentChildren } from 'preact';
import { deleteRun, restoreRun } from '../api/client';
import type { Run, RunDetail } from '../api/types';
import { RunEntries } from '../components/runs/RunEntries';
import { IconButton } from '../components/widgets/controls';
import { StateGlyph } from '../components/widgets/Icon';
import { Menu } from '../components/widgets/Menu';
import { NameOf } from '../components/widgets/NameOf';
import { ValueText } from '../components/widgets/ValueText';
import { telling } from '../math/metricNames';
import { formatCount, formatDate, formatDuration, formatMoment } from '../math/numbers';
import type { Json } from '../model/json';
import { navigate, projectHref } from '../state/route';
import { editedRun } from '../state/runs/runEdits';
import { headingNext } from '../state/runs/selection';
import { isStopping } from '../state/runs/stop';
import { colorOf, cssColor } from '../state/runs/visibility';
import { attempt, say } from '../state/toasts';
import { copyLink } from '../state/view/share';

const MOST_METRICS = 3;

/** The numbers of the summary that say most: losses and accuracies before the rest. */
function mainMetrics(summary: Record<string, Json>): string[] {
  const numbers = Object.keys(summary).filter(
    (key) => typeof summary[key] === 'number' && !key.startsWith('_'),
  );
  return numbers
    .sort((a, b) => telling(a) - telling(b) || a.localeCompare(b))
    .slice(0, MOST_METRICS);
}

export function RunHeader({ run, detail }: { run: Run; detail: RunDetail | null }) {
  const host = detail?.metadata.host;
  return (
    <header class="runhead" style={{ '--c': cssColor(colorOf(run)) }}>
      <div class="who">
        <div class="row title">
          <span class="dot" />
          <h1 class="ell" aria-label={run.name} title={run.name}>
            <NameOf name={run.name} />
          </h1>
          <span class="stat mid">
            <StateGlyph state={run.state} />
            {isStopping(run) ? 'stopping…' : run.state}
          </span>
        </div>
        <div class="row tags">
          {run.tags.map((tag) => (
            <span class="tag" key={tag}>
              {tag}
            </span>
          ))}
        </div>
      </div>
      <Fact label="Started" title={formatMoment(run.started_us)}>
        {formatDate(run.started_us)}
      </Fact>
      <Fact label="Runtime">{formatDuration(run.runtime_secs)}</Fact>
      <Fact label="Last step">{run.last_step === null ? '–' : formatCount(run.last_step)}</Fact>
      {typeof host === 'string' && (
        <Fact label="Host" extra>
          {host}
        </Fact>
      )}
      {mainMetrics(run.summary).map((key) => (
        <Fact key={key} label={key} extra>
          <ValueText value={run.summary[key]} />
        </Fact>
      ))}
      <div class="row">
        <IconButton icon="link" label="Copy link" onClick={() => void copyLink()} />
        <RunMenu run={run} />
      </div>
    </header>
  );
}

interface FactProps {
  label: string;
  title?: string;
  extra?: boolean;
  children: ComponentChildren;
}

function Fact({ label, title, extra, children }: FactProps) {
  return (
    <div class={`fact ${extra ? 'extra' : ''}`} title={title}>
      <span>{label}</span>
      <b>{children}</b>
    </div>
  );
}

function RunMenu({ run }: { run: Run }) {
  const remove = async () => {
    if (!(await attempt('The run was not deleted', () => deleteRun(run.uid)))) return;
    headingNext.value = true;
    navigate(projectHref(run.entity, run.project));
    const undo = () => void attempt('The run was not restored', () => restoreRun(run.uid));
    say(`Deleted ${run.name}`, { label: 'Undo', run: undo });
  };
  return (
    <Menu icon="more" label="Actions of this run">
      {(close) => (
        <RunEntries
          run={run}
          close={close}
          onEdit={(field) => (editedRun.value = { run, field })}
          onRemove={() => void remove()}
        />
      )}
    </Menu>
  );
}
