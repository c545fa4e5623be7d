/** An image with its boxes and masks over it. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
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
  const seen = item.layers.filter(({ name }) => !layers.hidden.has(name));
  return (
    <div class="picture">
      <Opener label={label} onOpen={onOpen}>
        <Pixels href={href} label={label} onSize={onSize} />
      </Opener>
      {seen.map((layer) =>
        layer.kind === 'mask' ? (
          <Mask key={`m ${layer.name}`} run={run} layer={layer} layers={layers} />
        ) : (
          <Boxes key={`b ${layer.name}`} run={run} layer={layer} layers={layers} size={size} />
        ),
      )}
    </div>
  );
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

interface PixelsProps {
  href: string;
  label: string;
  onSize(size: Size): void;
}

/** Larger than it is, a picture shows its pixels; smaller, it is smooth. */
function smoothIfSmaller({ naturalWidth, clientWidth, style }: HTMLImageElement): void {
  style.imageRendering = clientWidth * devicePixelRatio < naturalWidth ? 'auto' : 'pixelated';
}

function Pixels({ href, label, onSize }: PixelsProps) {
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const element = image.current!;
    const observer = new ResizeObserver(() => smoothIfSmaller(element));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <img
      ref={image}
      src={href}
      alt={label}
      loading="lazy"
      draggable={false}
      onLoad={({ currentTarget }) => {
        const { naturalWidth: width, naturalHeight: height } = currentTarget;
        smoothIfSmaller(currentTarget);
        if (width && height) onSize({ width, height });
      }}
    />
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
