/** Point clouds, models and molecules, turned and neared by mouse or keys. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../../api/client';
import type { Run } from '../../api/types';
import type { MediaItem } from '../../math/media';
import { cloudContent } from '../../scene/cloud';
import { modelContent } from '../../scene/model';
import { moleculeContent } from '../../scene/molecule';
import type { Pose } from '../../scene/orbit';
import { type Content, Stage } from '../../scene/stage';
import { useBytes } from '../../state/media/hooks';
import { panelId } from '../../state/panelIds';
import { exposePanel } from '../../state/panels';
import { colorOf } from '../../state/runs/visibility';
import { theme } from '../../state/theme';
import { useInSight } from '../../state/workspace/hooks';
import { NEAR_PIXELS } from '../panel/Panel';
import { IconButton } from '../widgets/controls';
import { FileLink } from './FileLink';

const ZOOM = 0.8;
const KEYS = 'Arrow keys turn it, with Shift they move it; plus and minus zoom, Home shows all.';

async function contentOf(
  { kind, path }: MediaItem,
  bytes: ArrayBuffer,
  color: string,
): Promise<Content> {
  if (kind === 'model') return modelContent(path, bytes);
  const text = new TextDecoder().decode(bytes);
  return kind === 'molecule' ? moleculeContent(path, text) : cloudContent(text, color);
}

interface SceneItemProps {
  run: Run;
  item: MediaItem;
  /** Tells this one from others on the page. */
  label: string;
}

export function SceneItem(props: SceneItemProps) {
  const place = useRef<HTMLElement>(null);
  const near = useInSight(place, NEAR_PIXELS);
  return (
    <figure ref={place} class="item scene">
      {near && <Loading {...props} />}
    </figure>
  );
}

function Loading(props: SceneItemProps) {
  const bytes = useBytes(props.run.uid, props.item);
  if (bytes instanceof ApiError) return <p class="bad t12">{bytes.message}</p>;
  return bytes && <Shown {...props} bytes={bytes} />;
}

function Shown({ run, item, label, bytes }: SceneItemProps & { bytes: ArrayBuffer }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | null>(null);
  const pose = useRef<Pose | undefined>(undefined);
  const [words, setWords] = useState('');
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let live = true;
    let end = () => {};
    const start = (content: Content) => {
      if (!live || !canvas.current) return;
      stage.current = new Stage(canvas.current, content, pose.current);
      end = follow(run.uid, item, stage.current, canvas.current, content);
      setWords(content.words);
    };
    contentOf(item, bytes, colorOf(run))
      .then(start)
      .catch((problem: Error) => live && setError(problem.message));
    return () => {
      live = false;
      pose.current = stage.current?.pose;
      stage.current = null;
      end();
    };
  }, [bytes, theme.value, colorOf(run)]);
  if (error)
    return (
      <>
        <p class="t12 bad">This file is not drawn: {error}.</p>
        <FileLink uid={run.uid} item={item} />
      </>
    );
  return (
    <>
      <div class="stage">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: keys go to the scene */}
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-roledescription="picture in three dimensions"
          aria-label={`${item.caption || label}: ${words}. ${KEYS}`}
          title="Drag turns it, with Shift it moves; the wheel zooms after a click; double click shows all"
        />
        <span class="steer">
          <IconButton
            icon="plus"
            label="Nearer"
            small
            onClick={() => stage.current?.zoomBy(ZOOM)}
          />
          <IconButton
            icon="minus"
            label="Farther"
            small
            onClick={() => stage.current?.zoomBy(1 / ZOOM)}
          />
          <IconButton icon="reset" label="Show all" small onClick={() => stage.current?.reset()} />
        </span>
      </div>
      <figcaption class="t11 ell" title={`${item.caption} ${words}`.trim()}>
        {item.caption} <span class="dim">{words}</span>
      </figcaption>
    </>
  );
}

/** Keeps the picture as large as its canvas, and tells what is on it. */
function follow(
  uid: number,
  item: MediaItem,
  stage: Stage,
  canvas: HTMLCanvasElement,
  { counts }: Content,
): () => void {
  const observer = new ResizeObserver(() => stage.redraw());
  observer.observe(canvas);
  const id = panelId({ kind: 'scene', key: item.path });
  const bounds = [stage.bounds.min.toArray(), stage.bounds.max.toArray()];
  const hide = exposePanel(id, () => {
    const data = { counts, bounds, pose: stage.pose };
    return { id, kind: 'scene', key: item.path, runs: [uid], data };
  });
  return () => {
    hide();
    observer.disconnect();
    stage.destroy();
  };
}
