/** Whether the menus of panels stand beside them as a column instead of opening over them. */

import { createContext } from 'preact';

export const Docked = createContext(false);
