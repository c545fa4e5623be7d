/** A logged file to download. */

import type { MediaItem } from '../../math/media';
import { useHref } from '../../state/media/hooks';
import { Icon } from '../widgets/Icon';
import { hrefText } from './source';

export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export function FileLink({ uid, item }: { uid: number; item: MediaItem }) {
  const { text, error } = hrefText(useHref(uid, item));
  if (error) return <p class="bad t12">{error}</p>;
  if (!text) return null;
  return (
    <a class="btn" href={text} download={fileName(item.path)}>
      <Icon name="download" />
      <span class="ell">{item.caption || fileName(item.path)}</span>
    </a>
  );
}
