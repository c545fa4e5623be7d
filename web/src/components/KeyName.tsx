/** A key: the parts before the last slash are pale, the last one is bold. */
export function KeyName({ name }: { name: string }) {
  const cut = name.lastIndexOf('/') + 1;
  return (
    <span class="k" title={name}>
      {cut > 0 && <i>{name.slice(0, cut)}</i>}
      <b>{name.slice(cut)}</b>
    </span>
  );
}
