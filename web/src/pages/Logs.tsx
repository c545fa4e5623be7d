/** What the run printed, as it grows. */

import { signal } from '@preact/signals';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { consoleLines } from '../api/client';
import type { ConsoleLine, Run } from '../api/types';
import { SearchField } from '../components/controls';
import { VirtualRows } from '../components/VirtualRows';
import { formatClock } from '../math/numbers';
import { attempt } from '../state/toasts';
import type { Workspace } from '../state/workspace';

const PAGE = 5000;
const LINE_PIXELS = 18;

/** Lines by number; a line that comes again (a progress bar) replaces the one before. */
class Output {
  readonly lines = signal<ConsoleLine[]>([]);
  readonly loaded = signal(false);
  private readonly byNumber = new Map<number, ConsoleLine>();
  private busy = false;

  constructor(private readonly uid: number) {}

  async load(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    await attempt('The output could not be read', () => this.readOn());
    this.busy = false;
    this.loaded.value = true;
  }

  private async readOn(): Promise<void> {
    for (;;) {
      const after = Math.max(0, this.byNumber.size - 1); // the last line may have changed
      const { lines } = await consoleLines(this.uid, after, PAGE);
      for (const line of lines) this.byNumber.set(line.number, line);
      this.lines.value = [...this.byNumber.values()];
      if (lines.length < PAGE) return;
    }
  }
}

export function Logs({ run, workspace }: { run: Run; workspace: Workspace }) {
  const output = useMemo(() => new Output(run.uid), [run.uid]);
  const [search, setSearch] = useState('');
  useEffect(() => {
    void output.load();
    return workspace.store.onRefresh((dirty) => {
      if (dirty.all || dirty.runs.get(run.uid)?.has('console')) void output.load();
    });
  }, [output]);
  const wanted = search.toLowerCase();
  const lines = output.lines.value.filter(({ text }) => text.toLowerCase().includes(wanted));
  return (
    <>
      <div class="bar">
        <SearchField label="Search output" value={search} onInput={setSearch} />
        <span class="t12 dim">{lines.length} lines</span>
      </div>
      {lines.length > 0 ? (
        <VirtualRows
          items={lines}
          height={LINE_PIXELS}
          label="Output of the run"
          class="log"
          follow
          row={(line, top) => (
            <div class="line" key={line.number} style={{ top: `${top}px` }}>
              <span class="no" title={formatClock(line.time_us, true)}>
                {line.number}
              </span>
              <span class={line.stream}>{withoutEscapes(line.text)}</span>
            </div>
          )}
        />
      ) : (
        output.loaded.value && (
          <p class="nothing">
            {search ? 'No line has this text.' : 'The run has printed nothing that was sent here.'}
          </p>
        )
      )}
    </>
  );
}

const ESCAPE = String.fromCharCode(27);
const ESCAPES = new RegExp(`${ESCAPE}\\[[0-9;?]*[A-Za-z]`, 'g');

/** The text as a terminal leaves it: after the last carriage return, without colour codes. */
export function withoutEscapes(text: string): string {
  return text.slice(text.lastIndexOf('\r') + 1).replace(ESCAPES, '');
}
