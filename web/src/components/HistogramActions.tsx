/** The actions of a histogram panel: open, choose the view, explore, copy a link. */

import type { Key } from '../api/types';
import { keyTitle } from '../math/keyTitle';
import { copyLink } from '../state/share';
import { type HistogramView, histogramView, setPanel } from '../state/view';
import { IconButton } from './controls';
import { Icon } from './Icon';
import { Menu } from './Menu';
import { HISTOGRAM_VIEWS } from './Toolbar';

interface HistogramActionsProps {
  id: string;
  field: Key;
  view: HistogramView;
  open(): void;
  explore(): void;
}

export function HistogramActions({ id, field, view, open, explore }: HistogramActionsProps) {
  const choose = (next: HistogramView) =>
    setPanel(id, { view: next === histogramView.peek() ? null : next });
  return (
    <>
      <IconButton icon="expand" label={`Explore ${keyTitle(field.key)}`} small onClick={explore} />
      <Menu icon="more" label={`Views of ${keyTitle(field.key)}`} small>
        {(close) => (
          <>
            {HISTOGRAM_VIEWS.map(([name, label]) => (
              <button
                type="button"
                key={name}
                aria-pressed={name === view}
                onClick={() => {
                  close();
                  choose(name);
                }}
              >
                <span class={`sp ${name === view ? 'b' : ''}`}>{label}</span>
              </button>
            ))}
            <hr />
            <button
              type="button"
              onClick={() => {
                close();
                open();
              }}
            >
              <span class="sp">Open with step slider</span>
            </button>
            <button
              type="button"
              onClick={() => {
                close();
                void copyLink();
              }}
            >
              <Icon name="link" />
              Copy link to this picture
            </button>
          </>
        )}
      </Menu>
    </>
  );
}
