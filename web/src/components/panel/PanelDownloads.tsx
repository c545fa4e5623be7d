/** The menu of a panel that has nothing to set: files made of it. */

import { useRef } from 'preact/hooks';
import type { Picture } from '../../state/workspace/pictures';
import { Menu } from '../widgets/Menu';
import { Downloads } from './Downloads';

interface PanelDownloadsProps extends Omit<Picture, 'panel'> {
  csv(): void;
}

export function PanelDownloads({ csv, ...picture }: PanelDownloadsProps) {
  const { title } = picture;
  const place = useRef<HTMLSpanElement>(null);
  return (
    <span class="row" ref={place}>
      <Menu icon="more" label={`Settings of ${title}`} small>
        {(close) => (
          <Downloads
            close={close}
            picture={{ ...picture, panel: () => place.current!.closest('.panel')! }}
            kinds={{ csv }}
          />
        )}
      </Menu>
    </span>
  );
}
