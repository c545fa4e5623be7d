/** A project without runs: what to paste for the next one, for either client. */

import { officialCommand, ownLines } from '../../state/firstLines';
import { copyText } from '../../state/toasts';
import { Icon } from '../widgets/Icon';

export function EmptyProject({ project }: { project: string }) {
  return (
    <div class="nothing">
      <h2 class="bold">This project has no runs</h2>
      <p>Put these lines at the top of a training script. Its run appears here by itself.</p>
      <Lines label="Lines for a script" text={ownLines(project)} />
      <p>With the official wandb client, start the script as it is:</p>
      <Lines label="Command for the official client" text={officialCommand()} />
    </div>
  );
}

function Lines({ label, text }: { label: string; text: string }) {
  return (
    <div class="codebox">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus */}
      <section tabIndex={0} aria-label={label}>
        <pre class="code">{text}</pre>
      </section>
      <button type="button" class="btn" onClick={() => void copyText(text)}>
        <Icon name="copy" />
        Copy
      </button>
    </div>
  );
}
