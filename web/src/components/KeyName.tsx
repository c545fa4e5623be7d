import { keyTitle } from '../math/keyTitle';

/** A key: the parts before the last slash are pale, the last one is bold. */
export function KeyName({ name }: { name: string }) {
  const title = keyTitle(name);
  const cut = title.lastIndexOf('/') + 1;
  return (
    <span class="k" title={title}>
      {cut > 0 && <i>{title.slice(0, cut)}</i>}
      <b>{title.slice(cut)}</b>
    </span>
  );
}
