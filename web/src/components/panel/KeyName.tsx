import { keyTitle } from '../../math/keyTitle';
import { nameParts } from '../../math/nameParts';
import { NameOf } from '../widgets/NameOf';

/** A key: the parts before the last slash are pale, the last one is bold; its end is cut last. */
export function KeyName({ name }: { name: string }) {
  const title = keyTitle(name);
  const cut = title.lastIndexOf('/') + 1;
  const [start, end] = nameParts(title.slice(cut));
  const prefix = cut > 0 && <i>{title.slice(0, cut)}</i>;
  return (
    <span class="keyname headtail" title={title}>
      {(prefix || start) && (
        <span class="ell">
          {prefix}
          {start && <b>{start}</b>}
        </span>
      )}
      <b class="tail">
        <bdi>{end}</bdi>
      </b>
    </span>
  );
}

/** The title that a panel was given, else the name of its key. */
export function PanelName({ name, given }: { name: string; given: string | undefined }) {
  if (given === undefined || given === keyTitle(name)) return <KeyName name={name} />;
  return (
    <b class="keyname" title={given.startsWith('…') ? name : given}>
      <NameOf name={given} />
    </b>
  );
}
