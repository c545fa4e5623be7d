import { helpOpen } from '../../state/overlays';
import { IconButton } from '../widgets/controls';
import { Dialog } from '../widgets/Dialog';

const SHORTCUTS: [keys: string[], does: string][] = [
  [['Ctrl', 'K'], 'Find a run, panel or project'],
  [['?'], 'This list'],
  [['drag'], 'Zoom a chart along x; double click shows all again'],
  [['drag'], 'Along an axis of parallel coordinates: select a range; Esc clears all'],
  [['click'], 'Pin this step in all panels; in a heatmap, open that step'],
  [['Ctrl', 'Z'], 'Undo (Shift: redo)'],
  [['Alt', '←', '→'], 'Move the panel that has the focus; Shift: resize it'],
  [['Esc'], 'Unpin, close'],
  [['←', '→'], 'Previous or next panel, while one fills the screen'],
  [['F'], 'Explore the panel under the pointer on the full screen'],
  [['←', '→'], 'One step back or forward in an open histogram; Shift: ten'],
  [['j', 'k'], 'Next or previous tensor in an open histogram'],
  [['Space'], 'Play the steps of an open histogram'],
];

export function Help() {
  return (
    <Dialog open={helpOpen} label="Help and shortcuts">
      <div class="head">
        <b class="stretch">Shortcuts</b>
        <IconButton
          icon="x"
          label="Close"
          onClick={() => {
            helpOpen.value = false;
          }}
        />
      </div>
      <div class="body">
        <dl class="keys">
          {SHORTCUTS.map(([keys, does]) => [
            <dt key={does}>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>,
            <dd key={`${does}.`}>{does}</dd>,
          ])}
        </dl>
      </div>
    </Dialog>
  );
}
