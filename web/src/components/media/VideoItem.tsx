/** A film, or why this browser can't play it and what to do. */

import { useState } from 'preact/hooks';
import { getBytes } from '../../api/client';
import { videoCodec } from '../../math/codec';

interface VideoItemProps {
  href: string;
  label: string;
  name: string;
}

/** Of large files the codec stands in the first or last part. */
const LOOKED_AT = 4_000_000;

export function VideoItem({ href, label, name }: VideoItemProps) {
  const [codec, setCodec] = useState<string | null>(null);
  const explain = () => void codecOf(href).then(setCodec);
  if (codec !== null) return <Unplayed codec={codec} href={href} name={name} />;
  return (
    // biome-ignore lint/a11y/useMediaCaption: logged films come without words
    <video
      controls
      loop
      preload="metadata"
      src={href}
      aria-label={label}
      onError={explain}
      onLoadedMetadata={({ currentTarget: { videoWidth } }) => {
        if (videoWidth === 0) explain();
      }}
    />
  );
}

async function codecOf(href: string): Promise<string> {
  const bytes = new Uint8Array(await (await getBytes(href)).arrayBuffer());
  const ends = [bytes.subarray(0, LOOKED_AT), bytes.subarray(-LOOKED_AT)];
  return ends.map(videoCodec).find((found) => found !== null) ?? '';
}

function Unplayed({ codec, href, name }: { codec: string; href: string; name: string }) {
  const of = codec ? `The codec of this film, ${codec}, is` : 'The codec of this film is';
  return (
    <div class="t12">
      <p>{of} none that this browser plays. Convert it before it is logged:</p>
      <pre>ffmpeg -i {name} -c:v libx264 -pix_fmt yuv420p -c:a aac converted.mp4</pre>
      <a class="link" href={href} download={name}>
        {name}
      </a>
    </div>
  );
}
