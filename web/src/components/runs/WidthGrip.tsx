/** The edge of a column's head: dragged to another width, double click for the usual one. */

import { setColumnWidth } from '../../state/runs/columnWidths';

const KEY_STEP = 24;

const widthOf = (head: HTMLElement): number => head.getBoundingClientRect().width;

/** Alt, Shift and an arrow on a column's head do it by keyboard. */
export function widenByKey(event: KeyboardEvent, by: string): void {
  const step = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP }[event.key];
  if (!event.altKey || !event.shiftKey || !step) return;
  event.preventDefault();
  setColumnWidth(by, widthOf(event.currentTarget as HTMLElement) + step);
}

export function WidthGrip({ by }: { by: string }) {
  const drag = (event: PointerEvent) => {
    const grip = event.currentTarget as HTMLElement;
    const { left } = grip.parentElement!.getBoundingClientRect();
    grip.setPointerCapture(event.pointerId);
    grip.onpointermove = (move) => setColumnWidth(by, move.clientX - left);
    grip.onpointerup = () => {
      grip.onpointermove = null;
    };
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Alt, Shift and an arrow do it by keyboard
    <i
      class="widthgrip"
      title="Drag to widen; double click for the usual width"
      onPointerDown={drag}
      onDblClick={() => setColumnWidth(by, null)}
    />
  );
}
