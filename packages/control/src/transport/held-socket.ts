import { WrongOption } from '../start-error.ts';

/**
 * Whoever starts a control plane may have bound a socket for it already, and keep it open: connections then wait there
 * while no control plane runs. EVENKEEL_API_SOCKET is the descriptor by which it is inherited.
 */
export const HELD_SOCKET = 'EVENKEEL_API_SOCKET';

/** null: there is none, and the control plane opens a socket by itself. Throws a WrongOption. */
export function heldSocket(environment: NodeJS.ProcessEnv): number | null {
  return descriptorIn(environment, HELD_SOCKET);
}

/** The descriptor that a variable names, or null. Throws a WrongOption. */
export function descriptorIn(environment: NodeJS.ProcessEnv, variable: string): number | null {
  const text = environment[variable];
  if (text === undefined) return null;
  if (/^[0-9]{1,5}$/.test(text)) return Number(text);
  throw new WrongOption(`${variable}=${text} is not a descriptor; leave it to "evenkeel start" to set it`);
}
