/** Line icons on a 16-pixel field, and the glyph of a run's state. */

import type { RunState } from '../../api/types';

const PATHS = {
  eye: 'M1.500 8S4 3.800 8 3.800 14.500 8 14.500 8 12 12.200 8 12.200 1.500 8 1.500 8ZM6.100 8a1.900 1.900 0 1 0 3.800 0 1.900 1.900 0 1 0-3.800 0',
  eyeoff:
    'M2.500 6.500C3.800 8.400 5.700 9.600 8 9.600s4.200-1.200 5.500-3.100M8 9.600v2M4.800 8.700 3.800 10.300M11.200 8.700l1 1.600',
  search: 'M2.700 7a4.300 4.300 0 1 0 8.600 0 4.300 4.300 0 1 0-8.600 0M10.300 10.300l3.200 3.200',
  down: 'm4.500 6.500 3.500 3.500 3.500-3.500',
  right: 'm6.500 4.500 3.500 3.500-3.500 3.500',
  left: 'm9.500 4.500-3.500 3.500 3.500 3.500',
  up: 'M8 13V3.500M4.300 7.200 8 3.500l3.700 3.700',
  downwards: 'M8 3v9.500M4.300 8.800 8 12.500l3.700-3.700',
  sort: 'M5 3v10M2.800 10.800 5 13l2.200-2.200M11 13V3M8.800 5.200 11 3l2.200 2.200',
  sun: 'M5.200 8a2.800 2.800 0 1 0 5.600 0 2.800 2.800 0 1 0-5.600 0M8 1.500v1.200M8 13.300v1.200M1.500 8h1.200M13.300 8h1.200M3.400 3.400l.9.900M11.700 11.700l.9.900M3.400 12.600l.9-.9M11.700 4.300l.9-.9',
  moon: 'M13.200 9.600A5.600 5.600 0 0 1 6.400 2.800a5.600 5.600 0 1 0 6.800 6.800Z',
  auto: 'M2.500 3h11v7.500h-11zM6 13h4M8 10.500V13',
  help: 'M6 6.200a2 2 0 1 1 2.900 1.800c-.6.300-.9.700-.9 1.400M8 11.800v.1M1.800 8a6.200 6.200 0 1 0 12.400 0A6.200 6.200 0 1 0 1.800 8',
  plus: 'M8 3.500v9M3.500 8h9',
  minus: 'M4 8h8',
  more: 'M3.300 8h.4M7.800 8h.4M12.300 8h.4',
  expand: 'M9.500 2.800h3.700v3.700M6.500 13.200H2.800V9.500M13 3 9.300 6.700M3 13l3.700-3.700',
  full: 'M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3',
  x: 'm4.500 4.500 7 7M11.500 4.500l-7 7',
  table: 'M2.500 3h11v10h-11zM2.500 6.300h11M2.500 9.700h11M6.500 6.300V13',
  list: 'M2.500 4h11M2.500 8h11M2.500 12h11',
  gear: 'M6 8a2 2 0 1 0 4 0 2 2 0 1 0-4 0M8 1.800v2M8 12.200v2M1.800 8h2M12.200 8h2M3.600 3.600 5 5M11 11l1.400 1.400M3.600 12.400 5 11M11 5l1.400-1.400',
  play: 'M5 3.300v9.400l7.500-4.700z',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  info: 'M8 7.300v3.700M8 4.900v.1M1.800 8a6.200 6.200 0 1 0 12.400 0A6.200 6.200 0 1 0 1.800 8',
  stop: 'M4.500 4.500h7v7h-7z',
  link: 'M6.700 9.300a2.600 2.600 0 0 0 3.700 0l2.200-2.200a2.600 2.600 0 0 0-3.700-3.700l-.7.700M9.300 6.700a2.600 2.600 0 0 0-3.700 0L3.400 8.900a2.600 2.600 0 0 0 3.700 3.700l.7-.7',
  download: 'M8 2.500v7.500M4.800 7 8 10.200 11.200 7M3 13.200h10',
  copy: 'M5.500 5.500h7.500V13H5.500zM10.500 5.500V3H3v7.500h2.500',
  warn: 'M8 2.500 14.200 13H1.800zM8 6.500v3M8 11.400v.1',
  pin: 'M6 2.500h4M6.500 2.500v4L4.500 9h7l-2-2.500v-4M8 9v4.500',
  clock: 'M2.200 8a5.800 5.800 0 1 0 11.600 0A5.800 5.800 0 1 0 2.200 8M8 4.800V8l2.200 1.500',
  reset: 'M3 8a5 5 0 1 0 1.600-3.700L3 5.800M3 2.800v3h3',
  view: 'M2.500 3h4.500v10H2.500zM9.500 3h4v4h-4zM9.500 9.500h4V13h-4z',
  filter: 'M2.500 4h11M4.500 8h7M6.500 12h3',
  edit: 'M3 13l.7-2.900 7-7 2.200 2.200-7 7zM9.300 4.500l2.200 2.200',
  undo: 'M5.500 3 2.500 6l3 3M2.500 6h7a3.700 3.700 0 0 1 0 7.400H6',
  redo: 'M10.500 3l3 3-3 3M13.500 6h-7a3.700 3.700 0 0 0 0 7.400H10',
  bell: 'M3.500 11.500h9l-1.200-1.700V7a3.300 3.300 0 0 0-6.600 0v2.800zM6.700 13.500h2.600',
  trash: 'M3 4.500h10M6.500 4.500v-2h3v2M4.300 4.500 5 13h6l.7-8.500',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  const heavy = name === 'more' ? 2.2 : undefined;
  return (
    <svg class="symbol" viewBox="0 0 16 16" aria-hidden="true">
      <path
        d={PATHS[name]}
        stroke-width={heavy}
        fill={name === 'play' ? 'currentColor' : undefined}
      />
    </svg>
  );
}

export function Logo() {
  return (
    <svg
      width="20"
      height="20"
      viewBox="0 0 20 20"
      fill="none"
      stroke-linecap="round"
      aria-hidden="true"
    >
      <path d="M2.500 2v15.500H18" stroke="var(--ink)" stroke-width="1.500" />
      <path d="M5.500 3.500c.9 6.300 2.600 9.300 12 10" stroke="var(--accent)" stroke-width="2" />
    </svg>
  );
}

function glyphShape(state: RunState) {
  if (state === 'running') {
    return (
      <>
        <circle cx="7" cy="7" r="5" stroke-opacity=".3" stroke-width="1.500" />
        <path d="M7 2a5 5 0 0 1 5 5" stroke-width="1.500" />
        <circle cx="7" cy="7" r="1.800" fill="currentColor" stroke="none" />
      </>
    );
  }
  if (state === 'finished')
    return <path d="m3.200 7.300 2.600 2.600 5-5.400" stroke-width="1.400" />;
  if (state === 'killed') return <path d="M4 4h6v6H4z" stroke-width="1.400" />;
  if (state === 'preempting') return <path d="M5 3.500v7M9 3.500v7" stroke-width="1.600" />;
  return <path d="m4 4 6 6M10 4l-6 6" stroke-width="1.600" />;
}

export function StateGlyph({ state }: { state: RunState }) {
  return (
    <svg
      class={`glyph ${state}`}
      viewBox="0 0 14 14"
      role="img"
      aria-label={state}
      fill="none"
      stroke="currentColor"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <title>{state}</title>
      {glyphShape(state)}
    </svg>
  );
}
