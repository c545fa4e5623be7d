/** Asks whose change is to stay where two were made at once. */

import { useSignal, useSignalEffect } from '@preact/signals';
import { type Choice, type Clash, clash } from '../../state/view/clash';
import { IconButton } from '../widgets/controls';
import { Dialog } from '../widgets/Dialog';

export function ClashDialog({ found }: { found: Clash }) {
  const open = useSignal(true);
  useSignalEffect(() => {
    if (!open.value) clash.value = null;
  });
  const button = ({ label, run }: Choice, style: string) => (
    <button
      type="button"
      class={style}
      onClick={() => {
        open.value = false;
        run();
      }}
    >
      {label}
    </button>
  );
  return (
    <Dialog open={open} label={found.title} class="clash">
      <div class="head">
        <b class="stretch ell">{found.title}</b>
        <IconButton icon="x" label="Close" onClick={() => (open.value = false)} />
      </div>
      <div class="body">
        <p>{found.text}</p>
        {found.contents && (
          <dl class="contents">
            <dt>There now</dt>
            <dd>{found.contents.theirs || <span class="dim">empty</span>}</dd>
            <dt>Yours</dt>
            <dd>{found.contents.mine || <span class="dim">empty</span>}</dd>
          </dl>
        )}
        <div class="row">
          <span class="stretch" />
          {button(found.theirs, 'btn')}
          {button(found.mine, 'btn pri')}
        </div>
      </div>
    </Dialog>
  );
}
