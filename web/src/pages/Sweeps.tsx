/** The sweeps of a project: what is searched over, how far they are, and their runs. */

import { useEffect, useState } from 'preact/hooks';
import { listSweeps } from '../api/client';
import type { Run, Sweep } from '../api/types';
import { FactList } from '../components/widgets/FactList';
import { Link } from '../components/widgets/Link';
import { formatCount, formatDate } from '../math/numbers';
import { navigate, projectHref, runHref } from '../state/route';
import { showOnly } from '../state/runs/shownRuns';
import { attempt } from '../state/toasts';
import type { Workspace } from '../state/workspace/workspace';
import { ProjectPage, useWorkspace } from './ProjectPage';
import './files.css';

export function Sweeps({ entity, project }: { entity: string; project: string }) {
  const workspace = useWorkspace(entity, project);
  return (
    <ProjectPage workspace={workspace} tab="sweeps">
      <main class="main whole">
        <Content workspace={workspace} />
      </main>
    </ProjectPage>
  );
}

function useSweeps(workspace: Workspace): Sweep[] | null {
  const [found, setFound] = useState<Sweep[] | null>(null);
  const { entity, project } = workspace.store;
  useEffect(() => {
    const load = () =>
      attempt('The sweeps could not be listed', async () => {
        setFound(await listSweeps(entity, project));
      });
    void load();
    return workspace.store.onRefresh(() => void load());
  }, [workspace]);
  return found;
}

function Content({ workspace }: { workspace: Workspace }) {
  const sweeps = useSweeps(workspace);
  const [chosen, setChosen] = useState<string | null>(null);
  if (sweeps === null) return null;
  if (sweeps.length === 0) {
    return (
      <p class="nothing">
        No sweeps in this project yet. <code>wandb.sweep(config, project=…)</code> of the official
        client makes one, <code>wandb.agent</code> runs it.
      </p>
    );
  }
  const shown = sweeps.find(({ name }) => name === chosen) ?? sweeps[0];
  return (
    <div class="artifacts">
      <nav class="artifactlist" aria-label="Sweeps">
        {sweeps.map((sweep) => (
          <button
            type="button"
            key={sweep.name}
            aria-pressed={sweep.name === shown.name}
            onClick={() => setChosen(sweep.name)}
          >
            <span class="ell" title={sweep.name}>
              {sweep.display_name}
            </span>
            <span class="tag">{sweep.state.toLowerCase()}</span>
            <span class="t12 dim">
              {formatCount(sweep.runs.length)} runs · {formatDate(sweep.created_us)}
            </span>
          </button>
        ))}
      </nav>
      <Detail key={shown.name} workspace={workspace} sweep={shown} />
    </div>
  );
}

function Detail({ workspace, sweep }: { workspace: Workspace; sweep: Sweep }) {
  const { entity, project, byUid } = workspace.store;
  const runs = sweep.runs.flatMap((uid) => byUid.value.get(uid) ?? []);
  const show = () => {
    showOnly(...runs);
    navigate(projectHref(entity, project));
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
    <section class="artifact" tabIndex={0} aria-label={sweep.display_name}>
      <h2>{sweep.display_name}</h2>
      <Facts sweep={sweep} />
      <h3>Runs</h3>
      {runs.length === 0 ? <p class="mid">none yet</p> : <RunList runs={runs} />}
      {runs.length > 0 && (
        <button type="button" class="btn" onClick={show}>
          Show only these in the workspace
        </button>
      )}
      <h3>Configuration</h3>
      <pre class="mono">{sweep.config}</pre>
    </section>
  );
}

function Facts({ sweep }: { sweep: Sweep }) {
  const facts: [string, string][] = [
    ['State', sweep.state.toLowerCase()],
    ['Id', sweep.name],
    ['Parameter sets given', formatCount(sweep.given)],
    ['Created', formatDate(sweep.created_us)],
  ];
  return <FactList facts={facts} />;
}

function RunList({ runs }: { runs: Run[] }) {
  return (
    <table class="table" aria-label="Runs of the sweep">
      <tbody>
        {runs.map((run) => (
          <tr key={run.uid}>
            <td>
              <Link class="link" href={runHref(run.entity, run.project, run.run_id)}>
                {run.name}
              </Link>
            </td>
            <td class="mid">{run.state}</td>
            <td class="mid">{formatDate(run.created_us)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
