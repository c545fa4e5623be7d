/** A name where there is little room: its end, which tells it from others, is cut last. */

import { nameParts } from '../../math/nameParts';

export function NameOf({ name }: { name: string }) {
  const [start, end] = name.startsWith('…') ? ['', name] : nameParts(name);
  if (start === '' && !name.startsWith('…')) return <>{name}</>;
  return (
    <span class="headtail">
      {start && <span class="ell">{start}</span>}
      <span class="tail">
        <bdi>{end}</bdi>
      </span>
    </span>
  );
}
