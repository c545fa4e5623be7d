/** The entries of a panel's menu for files made of it: pictures, in a size of choice, and others. */

import { signal } from '@preact/signals';
import type { Size } from '../../state/panels';
import { downloadPng, downloadSvg, type Picture } from '../../state/workspace/pictures';
import { Icon } from '../widgets/Icon';

interface DownloadsProps {
  /** None where there is no chart. */
  picture?: Picture;
  /** What makes the other files, by the ending of their name. */
  kinds: Record<string, () => void>;
  /** Runs before any of them. */
  close(): void;
}

/** As typed, for all panels: figures of one paper have one size. Empty: as on the page. */
const chosen = signal({ width: '', height: '' });

const LEAST_PIXELS = 100;
const MOST_PIXELS = 8000;

function sizeNow(): Size | null {
  const [width, height] = [chosen.value.width, chosen.value.height].map(Number);
  const fits = (pixels: number) => pixels >= LEAST_PIXELS && pixels <= MOST_PIXELS;
  return fits(width) && fits(height) ? { width, height } : null;
}

const pictureKinds = (picture: Picture): Record<string, () => void> => ({
  png: () => downloadPng(picture, devicePixelRatio || 1, sizeNow()),
  '2× png': () => downloadPng(picture, 2, sizeNow()),
  '3× png': () => downloadPng(picture, 3, sizeNow()),
  svg: () => downloadSvg(picture, sizeNow()),
});

export function Downloads({ picture, kinds, close }: DownloadsProps) {
  const all = { ...(picture && pictureKinds(picture)), ...kinds };
  return (
    <>
      {picture && <PictureSize />}
      <div class="downloads">
        <Icon name="download" />
        <span class="stretch">Download</span>
        {Object.entries(all).map(([kind, make]) => (
          <button
            type="button"
            key={kind}
            aria-label={`Download ${kind.toUpperCase()}`}
            onClick={() => {
              close();
              make();
            }}
          >
            {kind.split(' ')[0].toUpperCase()}
          </button>
        ))}
      </div>
    </>
  );
}

function PictureSize() {
  const field = (side: 'width' | 'height', name: string) => (
    <input
      class="num"
      type="number"
      inputMode="numeric"
      min={LEAST_PIXELS}
      max={MOST_PIXELS}
      placeholder="auto"
      aria-label={`${name} of the picture in pixels`}
      value={chosen.value[side]}
      onInput={(event) => {
        chosen.value = { ...chosen.value, [side]: event.currentTarget.value };
      }}
    />
  );
  const typed = chosen.value.width !== '' || chosen.value.height !== '';
  return (
    <div class="opt">
      Picture
      {field('width', 'Width')}×{field('height', 'Height')}
      <span class="dim t12">{typed && !sizeNow() ? '100 to 8,000 each' : 'px'}</span>
    </div>
  );
}
