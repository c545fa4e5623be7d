/** The first page: all projects, or how to log the first run. */

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { listProjects } from '../api/client';
import type { Project, RunState } from '../api/types';
import { SparkLine } from '../components/lines/SparkLine';
import { yieldFocus } from '../components/panel/yieldFocus';
import { TopBar } from '../components/shell/TopBar';
import { SearchField } from '../components/widgets/controls';
import { Icon, StateGlyph } from '../components/widgets/Icon';
import { Link } from '../components/widgets/Link';
import { lazy } from '../components/widgets/lazy';
import { Menu } from '../components/widgets/Menu';
import { keyTitle } from '../math/keyTitle';
import { formatCount, formatDate, formatMoment } from '../math/numbers';
import { type LoadState, loadError } from '../state/project';
import { onDirty } from '../state/refresh';
import { navigate, projectHref } from '../state/route';
import { editedProject } from '../state/runs/editProject';
import { removeProject } from '../state/runs/removeProject';
import { Message } from './Message';

const FirstRun = lazy(() => import('./FirstRun').then((m) => m.FirstRun));
const projects = signal<Project[]>([]);
const state = signal<LoadState>('loading');
const PAGE = 50;
const COMPLETE_MS = 100;
const shown = signal(PAGE);
const search = signal('');
/** The search that the list is of: an answer may be on its way. */
const listedFor = signal('');
let again: ReturnType<typeof setTimeout> | undefined;
const total = signal(0);

/** Whether projects were deleted here: what is restored then is no first project. */
let deletedHere = false;

const isEmpty = () => projects.value.length === 0 && search.value === '' && listedFor.value === '';

/** The page that teaches opens the first project by itself, once there is one. */
async function load(): Promise<void> {
  clearTimeout(again);
  try {
    const asked = search.peek();
    const page = await listProjects(asked, shown.peek());
    if (asked !== search.peek()) return; // another load is on its way
    const found = page.projects;
    total.value = page.total;
    clearTimeout(again);
    if (!page.complete) again = setTimeout(() => void load(), COMPLETE_MS);
    const wasEmpty = state.peek() === 'ready' && isEmpty();
    projects.value = found;
    listedFor.value = asked;
    state.value = 'ready';
    if (wasEmpty && !deletedHere && found.length > 0)
      navigate(projectHref(found[0].entity, found[0].name));
  } catch (error) {
    const failed = loadError(error);
    if (state.peek() !== 'ready') state.value = failed;
  }
}

export function ProjectsPage() {
  useEffect(() => {
    document.title = 'lossboard';
    void load();
    const stop = onDirty(null, load);
    return () => {
      clearTimeout(again);
      stop();
    };
  }, []);
  const running = projects.value.reduce((sum, project) => sum + (project.states.running ?? 0), 0);
  return (
    <div class="app">
      <TopBar tabs={[{ label: 'Projects', href: '/', current: true }]} running={running} />
      <Content />
    </div>
  );
}

function Content() {
  const now = state.value;
  if (now === 'loading') return <main class="main whole" aria-busy="true" />;
  if (now !== 'ready') return <Message title={now.error} onRetry={() => void load()} />;
  return (
    <main class="main whole">
      {!isEmpty() && <h1 class="unseen">Projects</h1>}
      <div class="sheet">{isEmpty() ? <FirstRun /> : <Listed />}</div>
    </main>
  );
}

function Listed() {
  const more = total.value - projects.value.length;
  return (
    <>
      {(total.value > PAGE || search.value) && (
        <SearchField
          label="Find projects"
          value={search.value}
          outlined
          onInput={(text) => {
            search.value = text;
            shown.value = PAGE;
            void load();
          }}
        />
      )}
      {projects.value.length === 0 ? (
        <p class="mid">No project has this in its name</p>
      ) : (
        <ProjectTable />
      )}
      {more > 0 && (
        <button
          type="button"
          class="btn"
          onClick={() => {
            shown.value += PAGE;
            void load();
          }}
        >
          Show more of {formatCount(total.value)} projects
        </button>
      )}
    </>
  );
}

function ProjectTable() {
  return (
    <table class="table tall">
      <thead>
        <tr>
          <th>Project</th>
          <th class="r-num">Runs</th>
          <th>States</th>
          <th>Last activity</th>
          <th>Main metric</th>
          <th>
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {projects.value.map((project) => (
          <Row key={`${project.entity}/${project.name}`} project={project} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ project }: { project: Project }) {
  const { entity, name, runs, states, last_activity_us, sparkline, description } = project;
  const present = Object.entries(states) as [RunState, number][];
  return (
    <tr>
      <td>
        <Link class="rowlink" href={projectHref(entity, name)}>
          {name}
        </Link>{' '}
        <span class="dim">{entity}</span>
        {description && (
          <div class="t12 mid ell projecttext" title={description}>
            {description}
          </div>
        )}
      </td>
      <td class="r-num">{formatCount(runs)}</td>
      <td>
        <span class="legend">
          {present
            .filter(([, count]) => count > 0)
            .map(([run, count]) => (
              <span key={run}>
                <StateGlyph state={run} />
                {formatCount(count)} {run}
              </span>
            ))}
        </span>
      </td>
      <td class="mid" title={formatMoment(last_activity_us)}>
        {formatDate(last_activity_us)}
      </td>
      <td>
        {sparkline && (
          <span class="row legend">
            <SparkLine
              values={sparkline.values}
              label={`${keyTitle(sparkline.key)} over steps`}
              width={120}
              height={24}
            />
            <span>{keyTitle(sparkline.key)}</span>
          </span>
        )}
      </td>
      <td class="projectacts">
        <Menu icon="more" label={`Actions of ${name}`} small>
          {(close) => (
            <>
              <button
                type="button"
                onClick={() => {
                  close();
                  editedProject.value = { project, done: load };
                }}
              >
                <Icon name="edit" />
                Edit name and description
              </button>
              <button
                type="button"
                onClick={() => {
                  close();
                  yieldFocus('tr', '.brand');
                  deletedHere = true;
                  void removeProject(project, load);
                }}
              >
                <Icon name="trash" />
                Delete project
              </button>
            </>
          )}
        </Menu>
      </td>
    </tr>
  );
}
