import { keyTitle } from '../../math/keyTitle';

/** A key: the parts before the last slash are pale, the last one is bold. */
export function KeyName({ name }: { name: string }) {
  const title = keyTitle(name);
  const cut = title.lastIndexOf('/') + 1;
  return (
    <span class="keyname" title={title}>
      {cut > 0 && <i>{title.slice(0, cut)}</i>}
      <b>{title.slice(cut)}</b>
    </span>
  );
}

/** The title that a panel was given, else the name of its key. */
export function PanelName({ name, given }: { name: string; given: string | undefined }) {
  if (given === undefined || given === keyTitle(name)) return <KeyName name={name} />;
  return (
    <b class="keyname" title={given}>
      {given}
    </b>
  );
}
