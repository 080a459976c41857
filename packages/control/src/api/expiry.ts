import type { State } from '../state/state.ts';
import type { Expiring } from './metrics.ts';

/** Series of one metric. */
const SHOWN = 1_000;

/** The certificates and authorities that expire first. */
export function expiringFirst({ certificates, authorities }: State): Expiring[] {
  const all: Expiring[] = [];
  for (const record of certificates.values()) all.push(expiring('certificate', record));
  for (const record of authorities.values()) all.push(expiring('authority', record));
  return all.sort((a, b) => a.at - b.at).slice(0, SHOWN);
}

function expiring(
  kind: Expiring['kind'],
  { id, notAfter }: { readonly id: string; readonly notAfter: string },
): Expiring {
  return { kind, id, at: Date.parse(notAfter) / 1_000 };
}
