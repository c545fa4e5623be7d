/** Addresses: which page the path names, and links that change it without a reload. */

import { computed, signal } from '@preact/signals';

const RUN_TABS = ['charts', 'overview', 'system', 'logs', 'files', 'artifacts'] as const;
export type RunTab = (typeof RUN_TABS)[number];

/** Lists of what a project has, one page each. */
const PROJECT_LISTS = ['runs', 'artifacts', 'sweeps'] as const;
export type ProjectList = (typeof PROJECT_LISTS)[number];

export type Route =
  | { page: 'projects' }
  | { page: 'workspace'; entity: string; project: string }
  | { page: ProjectList; entity: string; project: string }
  | { page: 'run'; entity: string; project: string; runId: string; tab: RunTab }
  | { page: 'missing' };

const path = signal(location.pathname);
/**
 * The query as it was when the page was entered or left by Back; `state/view` follows it. An object
 * of its own each time: Back may lead to the query that was entered, after others that only
 * `state/view` knows.
 */
export const entered = signal({ query: location.search });

function parse(pathname: string): Route {
  const [entity, project, section, runId, tab = 'charts', ...rest] = pathname
    .split('/')
    .filter(Boolean)
    .map(decodeURIComponent);
  if (!entity) return { page: 'projects' };
  if (!project || rest.length > 0) return { page: 'missing' };
  if (!section) return { page: 'workspace', entity, project };
  const list = PROJECT_LISTS.find((name) => name === section);
  if (!list || (runId && list !== 'runs')) return { page: 'missing' };
  if (!runId) return { page: list, entity, project };
  const known = RUN_TABS.find((name) => name === tab);
  return known ? { page: 'run', entity, project, runId, tab: known } : { page: 'missing' };
}

export const route = computed(() => parse(path.value));

addEventListener('popstate', () => {
  path.value = location.pathname;
  entered.value = { query: location.search };
});

export function navigate(href: string): void {
  history.pushState(null, '', href);
  path.value = location.pathname;
  entered.value = { query: location.search };
}

/** The page of now under the names of now, when an address has led to it by former ones. */
export function leadTo(href: string): void {
  history.replaceState(null, '', href + location.search + location.hash);
  path.value = location.pathname;
}

const part = encodeURIComponent;

export const projectHref = (entity: string, project: string): string =>
  `/${part(entity)}/${part(project)}`;

export const listHref = (entity: string, project: string, list: ProjectList): string =>
  `${projectHref(entity, project)}/${list}`;

export function runHref(entity: string, project: string, runId: string, tab: RunTab = 'charts') {
  const base = `${listHref(entity, project, 'runs')}/${part(runId)}`;
  return tab === 'charts' ? base : `${base}/${tab}`;
}

/** The address of the same page in the project's present place, if its path names another. */
export function presentHref(entity: string, project: string): string | null {
  const now = route.peek();
  if (!('project' in now) || (now.entity === entity && now.project === project)) return null;
  const [, ...rest] = location.pathname.split('/').filter(Boolean).slice(1);
  return [projectHref(entity, project), ...rest].join('/');
}
