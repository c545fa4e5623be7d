/** How a run ended, in one line, with the way to what it printed. */

import { useEffect, useState } from 'preact/hooks';
import { consoleLines } from '../api/client';
import type { Run, RunDetail } from '../api/types';
import { Icon } from '../components/widgets/Icon';
import { Link } from '../components/widgets/Link';
import { failureOf } from '../math/failure';
import { formatClock, formatCount, formatDate, formatMoment } from '../math/numbers';
import { runHref } from '../state/route';
import { attempt } from '../state/toasts';

const LAST_LINES = 200;

export function Ending({ run, detail }: { run: Run; detail: RunDetail | null }) {
  const failure = useFailure(run);
  const isBad = run.state === 'failed' || run.state === 'crashed';
  const parts = [stateText(run), failure, resumedText(detail)].filter(Boolean);
  const when = run.ended_us ?? run.heartbeat_us;
  return (
    <p class="ending" title={when === null ? undefined : formatMoment(when)}>
      {isBad && <Icon name="warn" />}
      <span class={isBad ? 'bad' : ''}>{parts.join(' · ')}</span>
      <Link class="link" href={runHref(run.entity, run.project, run.run_id, 'logs')}>
        Open the log
      </Link>
    </p>
  );
}

function stateText({ state, exit_code, heartbeat_us, ended_us }: Run): string {
  const since = heartbeat_us ?? ended_us;
  const code = exit_code === null ? '' : `exit code ${exit_code}`;
  if (state === 'crashed') return since ? `No sign of life since ${moment(since)}` : 'Vanished';
  if (state === 'failed') return code ? `Failed: ${code}` : 'Failed';
  if (state === 'killed') return ['Stopped from the dashboard', code].filter(Boolean).join(', ');
  if (state === 'preempting') return ['Preempted', code].filter(Boolean).join(', ');
  return state === 'running' ? 'Running' : `Finished${ended_us ? ` at ${moment(ended_us)}` : ''}`;
}

/** Of today the time alone. */
function moment(us: number): string {
  const isToday = new Date(us / 1000).toDateString() === new Date().toDateString();
  return isToday ? formatClock(us, false) : formatDate(us);
}

function resumedText(detail: RunDetail | null): string {
  const times = (detail?.launches.length ?? 1) - 1;
  if (times < 1) return '';
  return `resumed ${['once', 'twice'][times - 1] ?? `${formatCount(times)} times`}`;
}

/** What the last exception says, of a run that failed. */
function useFailure({ uid, state }: Run): string | null {
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    setFailure(null);
    if (state !== 'failed') return;
    let live = true;
    void attempt('The end of the log could not be read', async () => {
      const { total } = await consoleLines(uid, 0, 1);
      const { lines } = await consoleLines(uid, Math.max(0, total - LAST_LINES), LAST_LINES);
      if (live) setFailure(failureOf(lines.map(({ text }) => text)));
    });
    return () => {
      live = false;
    };
  }, [uid, state]);
  return failure;
}
