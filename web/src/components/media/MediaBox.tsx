/** The items of each run side by side, and the layers over images that can be switched off. */

import { signal } from '@preact/signals';
import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import type { MediaItem, MediaKind } from '../../math/media';
import { formatCount } from '../../math/numbers';
import { pictureHeight } from '../../math/pictureGrid';
import { useHref } from '../../state/media/hooks';
import type { RunItems } from '../../state/media/mediaMoment';
import { colorOf, cssColor } from '../../state/runs/visibility';
import { lazy } from '../widgets/lazy';
import { NameOf } from '../widgets/NameOf';
import { Pages } from '../widgets/Pages';
import { FileLink, fileName } from './FileLink';
import { ImageItem, type Layers, type Size } from './ImageItem';
import { LayerToggles } from './LayerToggles';
import { PictureViewer } from './PictureViewer';
import { PlotlyItem } from './PlotlyItem';
import { hrefText } from './source';
import { TableItem } from './TableItem';
import { VideoItem } from './VideoItem';

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
const MASK_OPACITY = 0.55;
const SCENES: MediaKind[] = ['points', 'model', 'molecule'];
/** One of these fills the panel. */
const FILLING: MediaKind[] = [...SCENES, 'table', 'artifact', 'html', 'plotly', 'graph'];

export function MediaBox({ name, shown, single, large = false }: MediaBoxProps) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const all = shown.flatMap(({ items }) => items);
  const [opacity, setOpacity] = useState(MASK_OPACITY);
  const [scores, setScores] = useState<ReadonlySet<string>>(new Set());
  const [least, setLeast] = useState<Record<string, number>>({});
  const open = useMemo(() => signal(false), []);
  const [opened, setOpened] = useState(0);
  const onOpen = (at: number) => {
    setOpened(at);
    open.value = true;
  };
  const onScores = (names: string[]) => setScores((before) => new Set([...before, ...names]));
  const layers: Layers = { name, hidden, opacity, least, onScores, zooms: large };
  const box = useRef<HTMLElement>(null);
  const tall = useTall(box, shown, !single);
  const fills = all.some(({ kind }) => FILLING.includes(kind));
  return (
    <>
      {all.some((item) => item.layers.length > 0) && (
        <LayerToggles
          name={name}
          shown={shown}
          hidden={hidden}
          onHidden={setHidden}
          opacity={opacity}
          onOpacity={setOpacity}
          scores={scores}
          least={least}
          onLeast={setLeast}
        />
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
          <RunMedia
            key={group.run.uid}
            group={group}
            single={single}
            layers={layers}
            onOpen={large ? undefined : onOpen}
          />
        ))}
      </section>
      {all.some(({ kind }) => kind === 'image') && (
        <PictureViewer open={open} shown={shown} layers={layers} at={opened} onMove={setOpened} />
      )}
    </>
  );
}

interface RunMediaProps {
  group: RunItems;
  single: boolean;
  layers: Layers;
  /** Shows the item of this number at its own size. */
  onOpen?(at: number): void;
}

/** The items of one run, in pages where they are many. */
function RunMedia({ group: { run, step, items }, single, layers, onOpen }: RunMediaProps) {
  const [page, setPage] = useState(0);
  const last = Math.max(0, Math.ceil(items.length / MOST_ITEMS) - 1);
  const at = Math.min(page, last);
  const first = at * MOST_ITEMS;
  const seen = items.slice(first, first + MOST_ITEMS);
  return (
    <div class="mediarun">
      {!single && <Heading group={{ run, step, items }} />}
      {last > 0 && (
        <p class="row t12 dim">
          {formatCount(first + 1)}–{formatCount(first + seen.length)} of {formatCount(items.length)}
          <Pages what="Items" page={at} last={last} onPage={setPage} />
        </p>
      )}
      <div class="items">
        {seen.map((item, i) => (
          <Item
            key={`${item.path} ${first + i}`}
            run={run}
            item={item}
            layers={layers}
            onOpen={onOpen && (() => onOpen(first + i))}
          />
        ))}
      </div>
    </div>
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
  onOpen?(): void;
}

function Item({ run, item, layers, onOpen }: ItemProps) {
  if (item.kind === 'table')
    return <TableItem uid={run.uid} item={item} name={`${layers.name} of ${run.name}`} />;
  if (item.kind === 'plotly') return <PlotlyItem uid={run.uid} item={item} />;
  if (SCENES.includes(item.kind))
    return <SceneItem run={run} item={item} label={`${layers.name} of ${run.name}`} />;
  if (item.kind === 'graph')
    return <GraphItem uid={run.uid} item={item} name={`${layers.name} of ${run.name}`} />;
  if (item.kind === 'artifact')
    return <ReferredTable run={run} item={item} name={`${layers.name} of ${run.name}`} />;
  return <Figure run={run} item={item} layers={layers} onOpen={onOpen} />;
}

/** Batches tell the size of their first picture alone: the picture itself knows better. */
function Figure({ run, item, layers, onOpen }: ItemProps) {
  const { width, height, kind, caption } = item;
  const [size, setSize] = useState<Size | null>(width && height ? { width, height } : null);
  const ratio = kind === 'image' && size ? size.width / size.height : null;
  return (
    <figure
      class={`item ${kind} ${ratio ? 'sized' : ''}`}
      style={ratio ? { '--ratio': ratio } : undefined}
    >
      <Shown run={run} item={item} layers={layers} onOpen={onOpen} size={size} onSize={setSize} />
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

function Shown({ run, item, layers, onOpen, size, onSize }: ShownProps): ComponentChildren {
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
          onOpen={onOpen}
        />
      );
    case 'audio':
      // biome-ignore lint/a11y/useMediaCaption: logged sounds come without words
      return <audio controls preload="metadata" src={text} aria-label={label} />;
    case 'video':
      return <VideoItem href={text} label={label} name={fileName(item.path)} />;
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
