/** What floats over any page, and the project in which Ctrl+K finds runs and panels. */

import { signal } from '@preact/signals';
import type { ProjectStore } from './project';

export const helpOpen = signal(false);
export const paletteOpen = signal(false);
/** Set by the pages of a project. */
export const openProject = signal<ProjectStore | null>(null);
