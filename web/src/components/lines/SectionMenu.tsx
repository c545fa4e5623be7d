/** What all line panels of a section do otherwise than the workspace. */

import type { Choice } from '../../model/types';
import { resetSection, sectionSettings, setSection } from '../../state/lines/cascade';
import { leavesOutliers, logX, type XAxis, xLog } from '../../state/view/view';
import { useXChoices } from '../../state/workspace/xChoices';
import { Check, Select } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { Menu } from '../widgets/Menu';
import { OwnSmoothing } from './PanelSmoothing';

interface SectionMenuProps {
  /** In the address. */
  name: string;
  title: string;
  /** Machine metrics have no steps. */
  timed?: boolean;
}

export function SectionMenu(props: SectionMenuProps) {
  const isChanged = Object.keys(sectionSettings(props.name)).length > 0;
  return (
    <>
      {isChanged && <span class="badge">own settings</span>}
      <Menu icon="more" label={`Settings of section ${props.title}`} small wide>
        {(close) => (
          <>
            <Settings {...props} />
            <hr />
            <button
              type="button"
              disabled={!isChanged}
              onClick={() => {
                close();
                resetSection(props.name);
              }}
            >
              <Icon name="reset" />
              Reset to workspace settings
            </button>
          </>
        )}
      </Menu>
    </>
  );
}

function Settings({ name, timed = false }: SectionMenuProps) {
  const settings = sectionSettings(name);
  const known = useXChoices(timed);
  const flag = (on: boolean, byDefault: boolean) => (on === byDefault ? null : on ? '1' : '0');
  return (
    <>
      <OwnSmoothing
        of="section"
        above="workspace"
        text={settings.smooth}
        onChange={(smooth, mode) => setSection(name, { smooth }, mode)}
      />
      <div class="opt">
        X
        <Select
          label="X axis of this section"
          value={settings.x ?? ''}
          choices={[['', 'Same as workspace'] as Choice<XAxis | ''>, ...known]}
          onChange={(x) => setSection(name, { x: x || null })}
        />
      </div>
      <div class="opt">
        <Check
          label="Log scale (x)"
          checked={logX(settings)}
          onChange={(on) => setSection(name, { xlog: flag(on, xLog.value) })}
        />
        <Check
          label="Log scale (y)"
          checked={settings.ylog === '1'}
          onChange={(on) => setSection(name, { ylog: flag(on, false) })}
        />
        <Check
          label="Ignore outliers"
          checked={leavesOutliers(settings)}
          onChange={(on) => setSection(name, { outliers: flag(on, leavesOutliers({})) })}
        />
      </div>
    </>
  );
}
