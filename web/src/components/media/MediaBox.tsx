/** The items of each run side by side, and the layers over images that can be switched off. */

import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import type { MediaItem, MediaKind } from '../../math/media';
import { formatCount } from '../../math/numbers';
import { pictureHeight } from '../../math/pictureGrid';
import { useHref } from '../../state/media/hooks';
import type { RunItems } from '../../state/media/mediaMoment';
import { colorOf, cssColor } from '../../state/runs/visibility';
import { lazy } from '../widgets/lazy';
import { NameOf } from '../widgets/NameOf';
import { FileLink, fileName } from './FileLink';
import { ImageItem, type Layers, type Size } from './ImageItem';
import { LayerToggles } from './LayerToggles';
import { PlotlyItem } from './PlotlyItem';
import { hrefText } from './source';
import { TableItem } from './TableItem';

const ReferredTable = lazy(() => import('./ArtifactTable').then((m) => m.ReferredTable));
const GraphItem = lazy(() => import('./GraphView').then((m) => m.GraphItem));
const SceneItem = lazy(() => import('./SceneItem').then((m) => m.SceneItem));

interface MediaBoxProps {
  name: string;
  shown: RunItems[];
  single: boolean;
  /** In the large view. */
  large?: boolean;
}

/** Items of one list that are shown at once. */
const MOST_ITEMS = 48;
const SCENES: MediaKind[] = ['points', 'model', 'molecule'];
/** One of these fills the panel. */
const FILLING: MediaKind[] = [...SCENES, 'table', 'artifact', 'html', 'plotly', 'graph'];

export function MediaBox({ name, shown, single, large = false }: MediaBoxProps) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const all = shown.flatMap(({ items }) => items);
  const layers: Layers = { name, hidden, zooms: large };
  const box = useRef<HTMLElement>(null);
  const tall = useTall(box, shown, !single);
  const fills = all.some(({ kind }) => FILLING.includes(kind));
  return (
    <>
      {all.some((item) => item.layers.length > 0) && (
        <LayerToggles name={name} shown={shown} hidden={hidden} onHidden={setHidden} />
      )}
      <section
        ref={box}
        class={`media ${fills ? 'fills' : ''}`}
        style={tall === null ? undefined : { '--tall': `${tall}px` }}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
        tabIndex={0}
        aria-label={`Media of ${name}`}
      >
        {shown.map((group) => (
          <div key={group.run.uid} class="mediarun">
            {!single && <Heading group={group} />}
            <div class="items">
              {group.items.slice(0, MOST_ITEMS).map((item, i) => (
                <Item key={`${item.path} ${i}`} run={group.run} item={item} layers={layers} />
              ))}
            </div>
            {group.items.length > MOST_ITEMS && (
              <p class="t12 dim">
                {MOST_ITEMS} of {formatCount(group.items.length)}
              </p>
            )}
          </div>
        ))}
      </section>
    </>
  );
}

/** The height of pictures at which all fit; null where there are others, or no room for all. */
function useTall(box: RefObject<HTMLElement | null>, shown: RunItems[], headed: boolean) {
  const [tall, setTall] = useState<number | null>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = () => {
      const groups = shown.map(({ items }) => items.slice(0, MOST_ITEMS));
      const pictures = groups.every((items) => items.every(({ kind }) => kind === 'image'));
      const room = { width: element.clientWidth, height: element.clientHeight - PADDING };
      setTall(pictures ? pictureHeight(groups.map(pictured), room, headed) : null);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [shown, headed]);
  return tall;
}

/** Above and below the pictures. */
const PADDING = 8;

const pictured = (items: MediaItem[]) =>
  items.map(({ width, height, caption }) => ({
    ratio: width && height ? width / height : 1,
    captioned: Boolean(caption),
  }));

function Heading({ group: { run, step } }: { group: RunItems }) {
  return (
    <h3 class="row t12" style={{ '--c': cssColor(colorOf(run)) }}>
      <span class="dot" />
      <span class="ell" title={run.name}>
        <NameOf name={run.name} />
      </span>
      <span class="dim">step {formatCount(step)}</span>
    </h3>
  );
}

interface ItemProps {
  run: Run;
  item: MediaItem;
  layers: Layers;
}

function Item({ run, item, layers }: ItemProps) {
  if (item.kind === 'table')
    return <TableItem uid={run.uid} item={item} name={`${layers.name} of ${run.name}`} />;
  if (item.kind === 'plotly') return <PlotlyItem uid={run.uid} item={item} />;
  if (SCENES.includes(item.kind))
    return <SceneItem run={run} item={item} label={`${layers.name} of ${run.name}`} />;
  if (item.kind === 'graph')
    return <GraphItem uid={run.uid} item={item} name={`${layers.name} of ${run.name}`} />;
  if (item.kind === 'artifact')
    return <ReferredTable run={run} item={item} name={`${layers.name} of ${run.name}`} />;
  return <Figure run={run} item={item} layers={layers} />;
}

/** Batches tell the size of their first picture alone: the picture itself knows better. */
function Figure({ run, item, layers }: ItemProps) {
  const { width, height, kind, caption } = item;
  const [size, setSize] = useState<Size | null>(width && height ? { width, height } : null);
  const ratio = kind === 'image' && size ? size.width / size.height : null;
  return (
    <figure
      class={`item ${kind} ${ratio ? 'sized' : ''}`}
      style={ratio ? { '--ratio': ratio } : undefined}
    >
      <Shown run={run} item={item} layers={layers} size={size} onSize={setSize} />
      {caption && kind !== 'file' && (
        <figcaption class="t11 ell" title={caption}>
          {caption}
        </figcaption>
      )}
    </figure>
  );
}

interface ShownProps extends ItemProps {
  size: Size | null;
  onSize(size: Size): void;
}

function Shown({ run, item, layers, size, onSize }: ShownProps): ComponentChildren {
  const href = useHref(run.uid, item);
  const { text, error } = hrefText(href);
  if (error) return <p class="bad t12">{error}</p>;
  if (!text) return null;
  const label = item.caption || fileName(item.path);
  switch (item.kind) {
    case 'image':
      return (
        <ImageItem
          run={run}
          item={item}
          href={text}
          label={label}
          layers={layers}
          size={size}
          onSize={onSize}
        />
      );
    case 'audio':
      // biome-ignore lint/a11y/useMediaCaption: logged sounds come without words
      return <audio controls preload="metadata" src={text} aria-label={label} />;
    case 'video':
      // biome-ignore lint/a11y/useMediaCaption: logged films come without words
      return <video controls loop preload="metadata" src={text} aria-label={label} />;
    case 'html':
      return <iframe sandbox="allow-scripts" src={text} title={`${layers.name}: logged page`} />;
    default:
      return (
        <>
          <FileLink uid={run.uid} item={item} />
          <p class="t11 dim">{`Files of the type .${item.path.split('.').pop()} are not drawn here.`}</p>
        </>
      );
  }
}
