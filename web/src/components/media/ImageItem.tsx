/** An image with its boxes and masks over it. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../../api/client';
import type { Run } from '../../api/types';
import type { Layer, MediaItem } from '../../math/media';
import { type BoxFile, classLabels, classSlot, rectangle } from '../../math/overlay';
import { useHref, useJson } from '../../state/media/hooks';
import { theme } from '../../state/theme';
import { hrefText } from './source';
import { ZoomBox } from './ZoomBox';

export interface Layers {
  name: string;
  /** `layer` or `layer/class` that are switched off. */
  hidden: ReadonlySet<string>;
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
}

const MASK_ALPHA = 140;

export function ImageItem({ run, item, href, label, layers, size, onSize }: ImageItemProps) {
  const { image, enlarged } = useEnlarged(size);
  const seen = item.layers.filter(({ name }) => !layers.hidden.has(name));
  const drawn = (
    <>
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

interface LayerProps {
  run: Run;
  layer: Layer;
  layers: Layers;
}

/** Class ids are grey levels; each class but 0 gets its colour. */
function Mask({ run, layer, layers }: LayerProps) {
  const { text } = hrefText(useHref(run.uid, layer));
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = theme.value;
  useEffect(() => {
    if (!text) return;
    const image = new Image();
    image.onload = () => {
      if (canvas.current) paint(canvas.current, image, layer.name, layers.hidden);
    };
    image.src = text;
  }, [text, layers.hidden, dark]);
  return <canvas ref={canvas} class="mask" />;
}

function paint(
  canvas: HTMLCanvasElement,
  image: HTMLImageElement,
  layer: string,
  hidden: ReadonlySet<string>,
): void {
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const colors = classColors();
  for (let i = 0; i < pixels.data.length; i += 4) {
    const id = pixels.data[i];
    const seen = id > 0 && !hidden.has(`${layer}/${id}`);
    const [r, g, b] = colors[classSlot(id)];
    pixels.data.set([r, g, b, seen ? MASK_ALPHA : 0], i);
  }
  context.putImageData(pixels, 0, 0);
}

/** Red, green, blue of the 12 slots of the palette in the present theme. */
function classColors(): number[][] {
  const style = getComputedStyle(document.documentElement);
  return Array.from({ length: 12 }, (_, i) => {
    const value = Number.parseInt(style.getPropertyValue(`--c${i}`).trim().slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  });
}

const percent = (share: number): string => `${share * 100}%`;

function Boxes({ run, layer, layers, size }: LayerProps & { size: Size | null }) {
  const file = useJson<BoxFile>(run.uid, layer);
  if (file === null || file instanceof ApiError) return null;
  const labels = file.class_labels ?? classLabels(run.config, 'boxes', layers.name, layer.name);
  return (
    <>
      {file.box_data.map((box, i) => {
        const id = box.class_id ?? 0;
        if (layers.hidden.has(`${layer.name}/${id}`)) return null;
        const { left, top, width, height } = rectangle(box, size?.width ?? 1, size?.height ?? 1);
        return (
          <div
            key={i}
            class="box"
            style={{
              '--c': `var(--c${classSlot(id)})`,
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
