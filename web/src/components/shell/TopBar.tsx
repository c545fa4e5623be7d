/** The bar on top of every page: where we are, tabs, search, live state, theme, help. */

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { brokenSince, silentFor } from '../../api/live';
import { helpOpen, openPalette } from '../../state/overlays';
import { projectHref } from '../../state/route';
import { headingNext } from '../../state/runs/selection';
import { choice, nextTheme } from '../../state/theme';
import { IconButton } from '../widgets/controls';
import { Icon, Logo } from '../widgets/Icon';
import { Link } from '../widgets/Link';
import { NameOf } from '../widgets/NameOf';
import { AlertBell } from './AlertBell';

export interface Tab {
  label: string;
  href: string;
  current: boolean;
  count?: number;
}

interface TopBarProps {
  entity?: string;
  project?: string;
  run?: string;
  /** What the page is, for those who hear it; pages that show a heading need none here. */
  heading?: string;
  tabs: Tab[];
  running?: number;
  /** Opens the drawer on narrow screens, where there is one. */
  onDrawer?(): void;
}

export function TopBar(props: TopBarProps) {
  const { entity, project, run, heading, tabs, running = 0, onDrawer } = props;
  return (
    <header class="top">
      <button type="button" class="skip" onClick={skipToContent}>
        Skip to the content
      </button>
      {heading && <Heading text={heading} />}
      {onDrawer && (
        <IconButton icon="list" label="Show or hide the list" class="burger" onClick={onDrawer} />
      )}
      <Link class="brand" href="/" aria-label="All projects">
        <Logo />
        <span>lossboard</span>
      </Link>
      <Crumbs entity={entity} project={project} run={run} />
      <Tabs tabs={tabs} />
      <div class="stretch" />
      <button
        type="button"
        class="field finder"
        aria-label="Find a run, panel or project"
        onClick={() => {
          openPalette();
        }}
      >
        <Icon name="search" />
        <span class="stretch ell">Find a run, panel or project</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Live running={running} />
      {entity && project && <AlertBell entity={entity} project={project} />}
      <ThemeButton />
      <IconButton
        icon="help"
        label="Help and shortcuts"
        onClick={() => {
          helpOpen.value = true;
        }}
      />
    </header>
  );
}

/** Where they have no room for all, the present one is in sight. */
function Tabs({ tabs }: { tabs: Tab[] }) {
  const nav = useRef<HTMLElement>(null);
  const present = tabs.findIndex(({ current }) => current);
  useEffect(() => {
    const { current: box } = nav;
    const link = box?.children[present] as HTMLElement | undefined;
    if (!box || !link) return;
    const right = link.offsetLeft + link.offsetWidth - box.offsetLeft;
    if (right > box.scrollLeft + box.clientWidth) box.scrollLeft = right - box.clientWidth + 8;
  }, [present]);
  return (
    <nav ref={nav} class="tabs" aria-label="Views">
      {tabs.map(({ label, href, current, count }) => (
        <Link key={href} href={href} aria-current={current ? 'page' : undefined}>
          {label} {count !== undefined && <span>{count}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** The first thing that Tab reaches: past the bars, to what the page is for. */
function skipToContent(): void {
  const content = ['main .sheet', 'main']
    .map((place) => document.querySelector<HTMLElement>(place))
    .find(Boolean);
  content?.setAttribute('tabindex', content.getAttribute('tabindex') ?? '-1');
  content?.focus();
}

function Heading({ text }: { text: string }) {
  const place = useRef<HTMLHeadingElement>(null);
  const next = headingNext.value;
  useEffect(() => {
    if (!next) return;
    headingNext.value = false;
    place.current?.focus();
  }, [next]);
  return (
    <h1 ref={place} class="unseen" tabIndex={-1}>
      {text}
    </h1>
  );
}

function Crumbs({ entity, project, run }: Pick<TopBarProps, 'entity' | 'project' | 'run'>) {
  if (!entity || !project) return null;
  const projectLink: ComponentChildren = (
    <Link href={projectHref(entity, project)} aria-current={run ? undefined : 'page'}>
      {project}
    </Link>
  );
  return (
    <nav class="crumb" aria-label="Where you are">
      <Link href="/">{entity}</Link>
      <i>/</i>
      {projectLink}
      {run && <i>/</i>}
      {run && (
        <span class="ell" aria-current="page" title={run}>
          <NameOf name={run} />
        </span>
      )}
    </nav>
  );
}

const now = signal(Date.now());

function Live({ running }: { running: number }) {
  const since = brokenSince.value;
  useEffect(() => {
    if (since === null) return;
    const tick = () => {
      now.value = Date.now();
    };
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [since]);
  if (since !== null) {
    const secs = Math.max(0, Math.round((now.value - since) / 1000));
    return (
      <div class="live stale" role="status">
        <span class="pulse" />
        {silentFor.value > 0 ? 'No word for' : 'Stale'}
        <span aria-hidden="true"> {secs + silentFor.value} s</span>, reconnecting
      </div>
    );
  }
  return (
    <div class="live" title="What is logged appears here by itself">
      <span class={`pulse ${running > 0 ? 'beat' : ''}`} />
      Live
      {running > 0 && <span class="dim">· {running} running</span>}
    </div>
  );
}

const THEME_ICONS = { system: 'auto', light: 'sun', dark: 'moon' } as const;
const THEME_WORDS = { system: 'system', light: 'light', dark: 'dark' } as const;

function ThemeButton() {
  return (
    <IconButton
      icon={THEME_ICONS[choice.value]}
      label={`Theme: ${THEME_WORDS[choice.value]}`}
      onClick={nextTheme}
    />
  );
}
