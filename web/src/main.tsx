import { render } from 'preact';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/layout.css';
import './charts/charts.css';
import './styles/panels.css';
import './styles/focus.css';
import './styles/pages.css';
import './styles/floating.css';
import { startLive } from './api/live';
import { App } from './app';
import { startPanels } from './state/panels';
import { startTheme } from './state/theme';

startTheme();
startPanels();
startLive();
render(<App />, document.getElementById('app')!);
