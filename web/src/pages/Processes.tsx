/** Who wrote a run: its launches, the processes of each, and how it ended. */

import type { Launch, RunDetail, Writer } from '../api/types';
import { Icon, StateGlyph } from '../components/widgets/Icon';
import { counted, formatClock, formatDate, formatDuration, formatMoment } from '../math/numbers';

const MOST_OPEN = 32;

export function Processes({ detail }: { detail: RunDetail | null }) {
  if (detail === null || detail.launches.length === 0) return null;
  const launches = [...detail.launches].reverse();
  const of = (launch: Launch) => detail.writers.filter((w) => w.launch === launch.number);
  return (
    <section class="block processes" aria-label="Processes">
      <div class="row">
        <h2 class="bold">Processes</h2>
        <span class="t12 dim">{detail.writers.length}</span>
      </div>
      <Ending detail={detail} />
      {launches.map((launch, place) => (
        <LaunchRows
          key={launch.number}
          launch={launch}
          writers={of(launch)}
          open={place === 0 && of(launch).length <= MOST_OPEN}
          alone={launches.length === 1}
        />
      ))}
    </section>
  );
}

function Ending({ detail }: { detail: RunDetail }) {
  if (detail.ending === null) return null;
  const isBad = detail.state !== 'finished';
  return (
    <p class={`ending ${isBad ? 'bad' : ''}`}>
      {isBad && <Icon name="warn" />}
      <span>
        {sentence(detail.ending.text)} <Moment us={detail.ending.time_us} />
      </span>
    </p>
  );
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

interface LaunchProps {
  launch: Launch;
  writers: Writer[];
  open: boolean;
  alone: boolean;
}

function LaunchRows({ launch, writers, open, alone }: LaunchProps) {
  const rows = (
    <ul>
      {inOrder(writers).map((writer) => (
        <ProcessRow key={writer.writer} writer={writer} />
      ))}
    </ul>
  );
  if (alone && open) return rows;
  return (
    <details open={open}>
      <summary>
        <StateGlyph state={launch.state} />
        <span class="bold">Launch {launch.number}</span>
        <span class="dim t12">{told(launch, writers)}</span>
      </summary>
      {rows}
    </details>
  );
}

function told(launch: Launch, writers: Writer[]): string {
  const lasted = launch.ended_us === null ? [] : [launch.ended_us - launch.opened_us];
  return [
    launch.state,
    formatDate(launch.opened_us),
    ...lasted.map((us) => `for ${formatDuration(Math.max(0, us) / 1e6)}`),
    writers.length === 1 ? '1 process' : `${writers.length} processes`,
    launch.hosts.length > 3 ? counted(launch.hosts.length, 'host') : launch.hosts.join(', '),
  ]
    .filter(Boolean)
    .join(' · ');
}

const inOrder = (writers: Writer[]): Writer[] =>
  [...writers].sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || 0);

function ProcessRow({ writer }: { writer: Writer }) {
  const own = writer.rank === null ? writer.label : `rank ${writer.rank}`;
  const where = [writer.host, writer.pid !== null && `process ${writer.pid}`].filter(Boolean);
  return (
    <li>
      <span class="ell who">
        <StateGlyph state={writer.state === 'ended' ? 'finished' : writer.state} />
        {own || (writer.must_end ? 'process' : 'child process')}
        {writer.primary && <span class="tag">primary</span>}
      </span>
      <span class="ell mid">{where.join(', ')}</span>
      <span class={isBad(writer) ? 'bad' : ''}>{word(writer)}</span>
      <span class="dim">
        {writer.ended_us === null || writer.state === 'crashed' ? 'last heard of ' : ''}
        <Moment us={writer.ended_us ?? writer.heard_us} />
      </span>
    </li>
  );
}

const isBad = ({ state }: Writer): boolean => state === 'failed' || state === 'crashed';

function word({ state, exit_code }: Writer): string {
  if (state === 'crashed') return 'vanished';
  if (state === 'failed') return `exit code ${exit_code}`;
  if (state === 'preempting' && exit_code !== null) return `preempted, exit code ${exit_code}`;
  return state;
}

/** Of today the time alone. */
function Moment({ us }: { us: number }) {
  const date = new Date(us / 1000);
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time class="dim t12" dateTime={date.toISOString()} title={formatMoment(us)}>
      {isToday ? formatClock(us, true) : formatDate(us)}
    </time>
  );
}
