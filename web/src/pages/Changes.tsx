/** What a run's code had beyond its commit: the diff that the client saves as a file. */

import { fileHref } from '../api/client';
import type { Run } from '../api/types';
import { formatCount } from '../math/numbers';
import { DIFF_FILE, useRunText } from '../state/media/runFiles';

const MOST_LINES = 5000;

const toneOf = (line: string): string => {
  if (/^(diff|index|---|\+\+\+|@@)/.test(line)) return 'dim';
  return line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : '';
};

export function Changes({ run }: { run: Run }) {
  const text = useRunText(run, DIFF_FILE);
  if (!text) return null;
  const lines = text.trimEnd().split('\n');
  return (
    <section class="block model" aria-label="Uncommitted changes">
      <div class="row">
        <h2 class="bold">Uncommitted changes</h2>
        <a class="link t12" href={fileHref(run.uid, DIFF_FILE)} download={DIFF_FILE}>
          {DIFF_FILE}
        </a>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus */}
      <pre class="changes" tabIndex={0}>
        {lines.slice(0, MOST_LINES).map((line, i) => (
          <span key={i} class={toneOf(line)}>
            {line}
            {'\n'}
          </span>
        ))}
      </pre>
      {lines.length > MOST_LINES && (
        <p class="t12 dim">
          The first {formatCount(MOST_LINES)} of {formatCount(lines.length)} lines
        </p>
      )}
    </section>
  );
}
