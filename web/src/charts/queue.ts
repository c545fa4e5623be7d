/** Painting spread over frames: jobs run in turn, about 8 ms of them a frame. */

const BUDGET_MS = 8;

interface Job {
  run(): void;
  /** Lets the coming frame pass, so that what is already drawn is seen first. */
  waits: boolean;
}

const jobs = new Map<object, Job>();
let scheduled = false;

/** Runs `run` in one of the next frames; a job of the same owner that still waits is replaced. */
export function paintLater(owner: object, run: () => void, waits = false): void {
  jobs.set(owner, { run, waits });
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
    if (job.waits) {
      job.waits = false;
      continue;
    }
    jobs.delete(owner);
    job.run();
    if (performance.now() >= end) break;
  }
  scheduled = jobs.size > 0;
  if (scheduled) requestAnimationFrame(work);
}
