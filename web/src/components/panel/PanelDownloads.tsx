/** The menu of a panel that has nothing to set: files made of it. */

import { useRef } from 'preact/hooks';
import { pngKinds } from '../../state/workspace/pictures';
import { Menu } from '../widgets/Menu';
import { Downloads } from './Downloads';

interface PanelDownloadsProps {
  title: string;
  csv(): void;
}

export function PanelDownloads({ title, csv }: PanelDownloadsProps) {
  const place = useRef<HTMLSpanElement>(null);
  return (
    <span class="row" ref={place}>
      <Menu icon="more" label={`Settings of ${title}`} small>
        {(close) => (
          <Downloads
            close={close}
            kinds={{ ...pngKinds(() => place.current!.closest('.panel')!, title), csv }}
          />
        )}
      </Menu>
    </span>
  );
}
