/** Says what changed to those who hear the page: one polite region for all charts. */

let region: HTMLElement | null = null;

export function announce(text: string): void {
  if (!region) {
    region = document.createElement('div');
    region.className = 'unseen';
    region.setAttribute('role', 'status');
    region.setAttribute('aria-label', 'Values at the crosshair');
    document.body.append(region);
  }
  region.textContent = text;
}
