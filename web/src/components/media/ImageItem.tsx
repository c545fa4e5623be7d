/** An image with its boxes and masks over it. */

import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../../api/client';
import type { Run } from '../../api/types';
import type { Layer, MediaItem } from '../../math/media';
import {
  type BoxFile,
  classColor,
  classLabels,
  hasScores,
  isPainted,
  rectangle,
} from '../../math/overlay';
import { useHref, useJson } from '../../state/media/hooks';
import { theme } from '../../state/theme';
import { type MaskIds, paintMask, readMask } from './masks';
import { hrefText } from './source';
import { ZoomBox } from './ZoomBox';

export interface Layers {
  name: string;
  /** `layer` or `layer/class` that are switched off. */
  hidden: ReadonlySet<string>;
  /** Of masks, 0..1. */
  opacity: number;
  /** By the name of a score, the least of the boxes that are shown. */
  least: Record<string, number>;
  /** Tells which scores boxes have. */
  onScores(names: string[]): void;
  /** In the large view, which zooms and pans. */
  zooms: boolean;
}

export interface Size {
  width: number;
  height: number;
}

interface ImageItemProps {
  run: Run;
  item: MediaItem;
  href: string;
  label: string;
  layers: Layers;
  /** In its own pixels, as far as it is known. */
  size: Size | null;
  onSize(size: Size): void;
  /** Of pictures that a click shows at their own size. */
  onOpen?(): void;
}

export function ImageItem({
  run,
  item,
  href,
  label,
  layers,
  size,
  onSize,
  onOpen,
}: ImageItemProps) {
  const { image, enlarged } = useEnlarged(size);
  const seen = item.layers.filter(({ name }) => !layers.hidden.has(name));
  const drawn = (
    <>
      <Opener label={label} onOpen={onOpen}>
        <img
          ref={image}
          class={enlarged ? 'enlarged' : undefined}
          src={href}
          alt={label}
          loading="lazy"
          onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => {
            if (width && height) onSize({ width, height });
          }}
        />
      </Opener>
      {seen.map((layer) =>
        layer.kind === 'mask' ? (
          <Mask key={`m ${layer.name}`} run={run} layer={layer} layers={layers} />
        ) : (
          <Boxes key={`b ${layer.name}`} run={run} layer={layer} layers={layers} size={size} />
        ),
      )}
    </>
  );
  return (
    <div class="picture">{layers.zooms ? <ZoomBox label={label}>{drawn}</ZoomBox> : drawn}</div>
  );
}

/** Whether it is drawn at twice its size or more, where its pixels are to be seen as they are. */
function useEnlarged(size: Size | null) {
  const image = useRef<HTMLImageElement>(null);
  const [enlarged, setEnlarged] = useState(false);
  useLayoutEffect(() => {
    const element = image.current!;
    const measure = () => setEnlarged(size !== null && element.clientHeight >= 2 * size.height);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [size?.height]);
  return { image, enlarged };
}

interface OpenerProps {
  label: string;
  onOpen?(): void;
  children: ComponentChildren;
}

function Opener({ label, onOpen, children }: OpenerProps) {
  if (!onOpen) return <>{children}</>;
  return (
    <button type="button" class="opener" aria-label={`Open ${label}`} onClick={onOpen}>
      {children}
    </button>
  );
}

interface LayerProps {
  run: Run;
  layer: Layer;
  layers: Layers;
}

/** Class ids are grey levels. */
function Mask({ run, layer, layers }: LayerProps) {
  const { text } = hrefText(useHref(run.uid, layer));
  const canvas = useRef<HTMLCanvasElement>(null);
  const [ids, setIds] = useState<MaskIds | null>(null);
  const dark = theme.value;
  const labels = classLabels(run.config, 'mask', layers.name, layer.name);
  useEffect(() => {
    let live = true;
    if (text) void readMask(text).then((found) => live && setIds(found));
    return () => {
      live = false;
    };
  }, [text]);
  useEffect(() => {
    const seen = (id: number) => isPainted(id, labels) && !layers.hidden.has(`${layer.name}/${id}`);
    if (ids && canvas.current) paintMask(canvas.current, ids, seen);
  }, [ids, layers.hidden, dark]);
  return <canvas ref={canvas} class="mask" style={{ opacity: layers.opacity }} />;
}

const percent = (share: number): string => `${share * 100}%`;

function Boxes({ run, layer, layers, size }: LayerProps & { size: Size | null }) {
  const file = useJson<BoxFile>(run.uid, layer);
  const read = file === null || file instanceof ApiError ? null : file;
  useEffect(() => {
    const names = new Set(read?.box_data.flatMap(({ scores }) => Object.keys(scores ?? {})));
    if (names.size > 0) layers.onScores([...names]);
  }, [read]);
  if (!read) return null;
  const labels = read.class_labels ?? classLabels(run.config, 'boxes', layers.name, layer.name);
  return (
    <>
      {read.box_data.map((box, i) => {
        const id = box.class_id ?? 0;
        if (layers.hidden.has(`${layer.name}/${id}`) || !hasScores(box, layers.least)) return null;
        const { left, top, width, height } = rectangle(box, size?.width ?? 1, size?.height ?? 1);
        return (
          <div
            key={i}
            class="box"
            style={{
              '--c': classColor(id),
              left: percent(left),
              top: percent(top),
              width: percent(width),
              height: percent(height),
            }}
          >
            <span>{box.box_caption || labels[id] || `class ${id}`}</span>
          </div>
        );
      })}
    </>
  );
}
