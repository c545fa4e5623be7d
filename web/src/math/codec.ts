/** Which codec a film has, read from its bytes: to say why a browser can't play it. */

const NAMES: Record<string, string> = {
  mp4v: 'MPEG-4 Part 2 (mp4v)',
  hvc1: 'H.265 (hvc1)',
  hev1: 'H.265 (hev1)',
  avc1: 'H.264 (avc1)',
  av01: 'AV1',
  vp09: 'VP9',
  apcn: 'ProRes (apcn)',
  apch: 'ProRes (apch)',
  mjpa: 'Motion JPEG',
  jpeg: 'Motion JPEG',
  XVID: 'Xvid',
  MJPG: 'Motion JPEG',
};
const TRACK = /vmhd[\s\S]*?stsd[\s\S]{12}([\w ]{4})/;
const MATROSKA = /V_[A-Z0-9]+(?:\/[A-Z0-9]+)*/;
const RIFF = /strh[\s\S]{4}vids([\w ]{4})/;

/** Null where none is found. */
export function videoCodec(bytes: Uint8Array): string | null {
  const text = new TextDecoder('latin1').decode(bytes);
  const found = TRACK.exec(text)?.[1] ?? RIFF.exec(text)?.[1] ?? MATROSKA.exec(text)?.[0];
  return found ? (NAMES[found.trim()] ?? found.trim()) : null;
}
