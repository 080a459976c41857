import type { State } from '../state/state.ts';
import type { Expiring } from './metrics.ts';
import { lifetime } from './views.ts';

/** Series of one metric. */
const SHOWN = 1_000;

/** The certificates and authorities that expire first. `now` in Unix milliseconds. */
export function expiringFirst(state: State, now: number): Expiring[] {
  const all: Expiring[] = [];
  for (const { id, name, notAfter, chain } of state.certificates.values()) {
    all.push({ kind: 'certificate', id, name, daysLeft: lifetime(notAfter, chain, now).daysLeft });
  }
  for (const { id, name, notAfter, certificates } of state.authorities.values()) {
    all.push({ kind: 'authority', id, name, daysLeft: lifetime(notAfter, certificates, now).daysLeft });
  }
  return all.sort((a, b) => a.daysLeft - b.daysLeft).slice(0, SHOWN);
}
