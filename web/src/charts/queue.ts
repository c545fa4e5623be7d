/** Painting spread over frames: jobs run in turn, about 8 ms of them a frame. */

const BUDGET_MS = 8;

const jobs = new Map<object, () => void>();
let scheduled = false;

/** Runs `job` in one of the next frames; a job of the same owner that still waits is replaced. */
export function paintLater(owner: object, job: () => void): void {
  jobs.set(owner, job);
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(work);
}

/** Drops the owner's waiting job. */
export function cancelPaint(owner: object): void {
  jobs.delete(owner);
}

function work(start: number): void {
  const end = Math.max(start, performance.now()) + BUDGET_MS;
  for (const [owner, job] of jobs) {
    jobs.delete(owner);
    job();
    if (performance.now() >= end) break;
  }
  scheduled = jobs.size > 0;
  if (scheduled) requestAnimationFrame(work);
}
