import type { State } from '../state/state.ts';
import type { Ending, Expiring } from './metrics.ts';

/** Series of one metric. */
const SHOWN = 1_000;

/** The certificates and authorities that expire first. */
export function expiringFirst({ certificates, authorities }: State): Expiring[] {
  const all: Expiring[] = [];
  for (const record of certificates.values()) all.push(expiring('certificate', record));
  for (const record of authorities.values()) all.push(expiring('authority', record));
  return firstOf(all);
}

/** The OCSP responses that run out first, by certificate. */
export function staplesFirst({ certificates }: State): Ending[] {
  const all: Ending[] = [];
  for (const { id, stapledUntil } of certificates.values()) {
    if (stapledUntil !== null) all.push({ id, at: Date.parse(stapledUntil) / 1_000 });
  }
  return firstOf(all);
}

function firstOf<T extends Ending>(all: T[]): T[] {
  return all.sort((a, b) => a.at - b.at).slice(0, SHOWN);
}

function expiring(
  kind: Expiring['kind'],
  { id, notAfter }: { readonly id: string; readonly notAfter: string },
): Expiring {
  return { kind, id, at: Date.parse(notAfter) / 1_000 };
}
