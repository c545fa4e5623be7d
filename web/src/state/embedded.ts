/** A page in a frame of a notebook, which has bars of its own. */

/** The client asks for it in the address; it holds as long as the page is open. */
export function startEmbedded(): void {
  const asked = new URLSearchParams(location.search).get('jupyter') === 'true';
  document.documentElement.classList.toggle('embedded', asked);
}
