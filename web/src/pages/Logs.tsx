/** What the run printed, as it grows: colours, search, follow, download. */

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { consoleLines } from '../api/client';
import type { ConsoleLine, Run } from '../api/types';
import { Check, IconButton, SearchField, Select } from '../components/widgets/controls';
import { VirtualRows } from '../components/widgets/VirtualRows';
import { ansiSpans, plainText } from '../math/ansi';
import { metricLook } from '../math/color';
import { counted, formatClock, formatCount } from '../math/numbers';
import { saveBlob } from '../state/runs/download';
import { colorOf, cssColor } from '../state/runs/visibility';
import { attempt } from '../state/toasts';
import type { Workspace } from '../state/workspace/workspace';
import './logs.css';

const PAGE = 10_000;
const LINE_PIXELS = 18;

/** Lines in order; a line that comes again (a progress bar) replaces the one before. */
class Output {
  readonly lines = signal<ConsoleLine[]>([]);
  readonly loaded = signal(false);
  private busy = false;
  private again = false;

  constructor(private readonly uid: number) {}

  async load(): Promise<void> {
    this.again = this.busy;
    if (this.busy) return;
    this.busy = true;
    await attempt('The output could not be read', () => this.readOn());
    this.busy = false;
    this.loaded.value = true;
    if (this.again) void this.load();
  }

  private async readOn(): Promise<void> {
    for (;;) {
      const known = this.lines.peek();
      const after = Math.max(0, known.length - 1); // the last line may have changed
      const { lines } = await consoleLines(this.uid, after, PAGE);
      this.lines.value = [...known.slice(0, after), ...lines];
      if (lines.length < PAGE) return;
    }
  }
}

function useOutput(run: Run, workspace: Workspace): Output {
  const output = useMemo(() => new Output(run.uid), [run.uid]);
  useEffect(() => {
    void output.load();
    return workspace.store.onRefresh((dirty) => {
      if (dirty.all || dirty.runs.get(run.uid)?.has('console')) void output.load();
    });
  }, [output]);
  return output;
}

export function Logs({ run, workspace }: { run: Run; workspace: Workspace }) {
  const output = useOutput(run, workspace);
  const [search, setSearch] = useState('');
  const [follow, setFollow] = useState(run.state === 'running');
  const [writer, setWriter] = useState('');
  const all = output.lines.value;
  const writers = useMemo(() => writersOf(all), [all]);
  const looks = useMemo(() => looksOf(writers, run), [writers, run.slot, run.color]);
  const wanted = search.toLowerCase();
  const lines = useMemo(() => {
    const ordered = writers.length > 1 ? byTime(all) : all;
    return ordered.filter(
      (line) =>
        (!writer || line.writer === writer) &&
        (!wanted || plainText(line.text).toLowerCase().includes(wanted)),
    );
  }, [all, wanted, writer, writers]);
  return (
    <>
      <div class="bar logbar">
        <SearchField label="Search output" value={search} onInput={setSearch} />
        {writers.length > 1 && (
          <Select
            label="Process"
            value={writer}
            choices={[
              ['', 'All processes'],
              ...writers.map((name): [string, string] => [name, name]),
            ]}
            onChange={setWriter}
          />
        )}
        <output class="t12 dim">{countText(lines.length, all.length)}</output>
        <div class="stretch" />
        <Check label="Follow" checked={follow} onChange={setFollow} />
        <IconButton
          icon="download"
          label="Download the output"
          disabled={all.length === 0}
          onClick={() => download(run, writer ? lines : all, writers.length > 1)}
        />
      </div>
      {lines.length > 0 ? (
        <VirtualRows
          items={lines}
          height={LINE_PIXELS}
          label="Output of the run"
          class="log"
          follow={follow}
          row={(line, top) => (
            <Line key={line.number} line={line} top={top} wanted={wanted} looks={looks} />
          )}
        />
      ) : (
        output.loaded.value && <Nothing search={search} />
      )}
    </>
  );
}

const writersOf = (lines: ConsoleLine[]): string[] =>
  [...new Set(lines.map(({ writer }) => writer))]
    .filter(Boolean)
    .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));

const MOST_LETTERS = 24;

/** How names of processes stand before their lines: in the colours of their machine metrics. */
interface Looks {
  width: string;
  colors: Map<string, string>;
}

/** Null where one process alone writes. */
function looksOf(writers: string[], run: Run): Looks | null {
  if (writers.length < 2) return null;
  const letters = Math.min(MOST_LETTERS, Math.max(...writers.map(({ length }) => length)));
  const color = (at: number) => metricLook(at, 1, { slot: run.slot, color: colorOf(run) }).color;
  const colors = new Map(writers.map((name, at) => [name, cssColor(color(at))]));
  return { width: `${letters + 2}ch`, colors };
}

/** Lines of several processes arrive as each of them sends; those of one keep their order. */
const byTime = (lines: ConsoleLine[]): ConsoleLine[] =>
  [...lines].sort((a, b) => a.time_us - b.time_us || a.number - b.number);

const countText = (shown: number, all: number): string =>
  shown === all ? counted(all, 'line') : `${formatCount(shown)} of ${counted(all, 'line')}`;

/** `several`: with the name of the process before each line. */
function download(run: Run, lines: ConsoleLine[], several: boolean): void {
  const who = ({ writer }: ConsoleLine) => (several && writer ? `[${writer}] ` : '');
  const text = lines.map((line) => `${who(line)}${plainText(line.text)}\n`).join('');
  saveBlob(`${run.run_id}.log`, new Blob([text], { type: 'text/plain' }));
}

interface LineProps {
  line: ConsoleLine;
  top: number;
  wanted: string;
  looks: Looks | null;
}

function Line({ line, top, wanted, looks }: LineProps) {
  const style = { top: `${top}px`, '--who': looks?.width };
  return (
    <div class={`line ${looks ? 'named' : ''}`} style={style}>
      <span class="lineno" title={formatClock(line.time_us, true)}>
        {line.number}
      </span>
      {looks && (
        <span class="who" style={{ color: looks.colors.get(line.writer) }} title={line.writer}>
          {line.writer}
        </span>
      )}
      <span class={line.stream}>
        {wanted ? marked(plainText(line.text), wanted) : colored(line.text)}
      </span>
    </div>
  );
}

function colored(text: string): ComponentChildren {
  return ansiSpans(text).map(({ text: part, style }) =>
    style ? <span class={style}>{part}</span> : part,
  );
}

/** The text with what was searched for marked, whatever its case. */
function marked(text: string, wanted: string): ComponentChildren[] {
  const lower = text.toLowerCase();
  const parts: ComponentChildren[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark>{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  return [...parts, text.slice(from)];
}

function Nothing({ search }: { search: string }) {
  return (
    <p class="nothing">
      {search ? 'No line has this text.' : 'No console output was captured for this run.'}
    </p>
  );
}
