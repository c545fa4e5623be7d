/** What to paste so that a script logs to this server. */

const DEFAULT_ORIGIN = 'http://127.0.0.1:8080';

/** Where the client looks by itself, no address is needed. */
export function isDefaultAddress(): boolean {
  return [DEFAULT_ORIGIN, 'http://localhost:8080'].includes(location.origin);
}

export function ownLines(project: string): string {
  const name = JSON.stringify(project);
  const init = isDefaultAddress()
    ? `wandb.init(project=${name})`
    : `wandb.init(\n    project=${name},\n    settings={"base_url": "${location.origin}"},\n)`;
  return `import lossboard as wandb\nrun = ${init}`;
}

/** The official client asks for a key of 40 characters; this server takes any. */
export const officialCommand = (): string =>
  `WANDB_BASE_URL=${location.origin} WANDB_API_KEY=${'local'.padEnd(40, '0')} python train.py`;
