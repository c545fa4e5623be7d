/** One picture at its own size, with those of the other runs beside it. */

import type { Signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import type { MediaItem } from '../../math/media';
import { formatCount } from '../../math/numbers';
import { useHref } from '../../state/media/hooks';
import type { RunItems } from '../../state/media/mediaMoment';
import { IconButton } from '../widgets/controls';
import { Dialog } from '../widgets/Dialog';
import { fileName } from './FileLink';
import { ImageItem, type Layers, type Size } from './ImageItem';
import { hrefText } from './source';

/** Powers of two of the size of the file's own pixels. */
const ZOOMS = { least: -5, most: 5 };

interface PictureViewerProps {
  open: Signal<boolean>;
  shown: RunItems[];
  layers: Layers;
  /** Which of a run's items. */
  at: number;
  onMove(at: number): void;
}

export function PictureViewer({ open, shown, layers, at, onMove }: PictureViewerProps) {
  return (
    <Dialog open={open} label={`Picture of ${layers.name}`} class="largemedia viewer">
      <Opened
        open={open}
        shown={shown}
        layers={{ ...layers, zooms: false }}
        at={at}
        onMove={onMove}
      />
    </Dialog>
  );
}

function Opened({ open, shown, layers, at, onMove }: PictureViewerProps) {
  const [zoom, setZoom] = useState(0);
  const count = Math.max(...shown.map(({ items }) => items.length));
  const move = (by: number) => onMove(Math.min(count - 1, Math.max(0, at + by)));
  const near = (by: number) =>
    setZoom((before) => Math.min(ZOOMS.most, Math.max(ZOOMS.least, before + by)));
  useEffect(() => {
    const onKey = ({ key }: KeyboardEvent) => {
      if (key === 'ArrowLeft') move(-1);
      else if (key === 'ArrowRight') move(1);
      else if (key === '+') near(1);
      else if (key === '-') near(-1);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [at, count]);
  return (
    <>
      <div class="head">
        <IconButton
          icon="left"
          label="Picture before"
          disabled={at === 0}
          onClick={() => move(-1)}
        />
        <span class="t12 dim">
          {formatCount(at + 1)} of {formatCount(count)}
        </span>
        <IconButton
          icon="right"
          label="Picture after"
          disabled={at === count - 1}
          onClick={() => move(1)}
        />
        <IconButton icon="minus" label="Smaller" onClick={() => near(-1)} />
        <output class="t12 dim">{zoomText(zoom)}</output>
        <IconButton icon="plus" label="Larger" onClick={() => near(1)} />
        <div class="stretch" />
        <IconButton
          icon="x"
          label="Close picture"
          onClick={() => {
            open.value = false;
          }}
        />
      </div>
      <div class="panes">
        {shown.map(({ run, step, items }) => (
          <section key={run.uid} aria-label={`Picture of ${run.name}`}>
            <h3 class="t12">
              {run.name} <span class="dim">step {formatCount(step)}</span>
            </h3>
            {items[at]?.kind === 'image' ? (
              <Pane key={items[at].path} run={run} item={items[at]} layers={layers} zoom={zoom} />
            ) : (
              <p class="t12 dim">No picture here.</p>
            )}
          </section>
        ))}
      </div>
    </>
  );
}

const zoomText = (zoom: number): string => `${formatCount(2 ** zoom * 100)} %`;

interface PaneProps {
  run: Run;
  item: MediaItem;
  layers: Layers;
  zoom: number;
}

/** Scrolled by its bars, keys and wheel, or dragged. */
function Pane({ run, item, layers, zoom }: PaneProps) {
  const { width, height } = item;
  const [size, setSize] = useState<Size | null>(width && height ? { width, height } : null);
  const { text, error } = hrefText(useHref(run.uid, item));
  if (error) return <p class="bad t12">{error}</p>;
  if (!text) return null;
  const label = item.caption || fileName(item.path);
  const shownWidth = size ? `${size.width * 2 ** zoom}px` : undefined;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus */}
      <section class="pane" tabIndex={0} aria-label={label} onPointerMove={drag}>
        <div class="item image sized" style={{ width: shownWidth }}>
          <ImageItem {...{ run, item, href: text, label, layers, size, onSize: setSize }} />
        </div>
      </section>
      <p class="t12">
        {item.caption} {size && <span class="dim">{`${size.width} × ${size.height} `}</span>}
        <a class="link" href={text} target="_blank" rel="noreferrer">
          Original
        </a>
      </p>
    </>
  );
}

function drag({ buttons, currentTarget, movementX, movementY }: PointerEvent): void {
  if (buttons === 1) (currentTarget as HTMLElement).scrollBy(-movementX, -movementY);
}
