/** All runs of a project as a table: state, times, tags, and what they were made of and reached. */

import { RunsTable } from '../components/runs/RunsTable';
import { ProjectPage, useWorkspace } from './ProjectPage';

export function RunsPage({ entity, project }: { entity: string; project: string }) {
  const workspace = useWorkspace(entity, project);
  return (
    <ProjectPage workspace={workspace} tab="runs">
      <main class="main whole">
        <RunsTable workspace={workspace} />
      </main>
    </ProjectPage>
  );
}
