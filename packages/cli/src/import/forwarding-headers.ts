import type { ForwardingPatch } from '@evenkeel/model/resources/forwarding.ts';
import type { RuleDocument } from '@evenkeel/model/resources/rule.ts';
import { NotCarried } from './findings.ts';

/** A change of a header, as rules have it. */
export type HeaderChange = NonNullable<RuleDocument['requestHeaders']>[number];

/** Headers that the listener writes by itself when its `forwarding` says so. */
const FORWARDING: Readonly<Record<string, ForwardingPatch>> = {
  'x-forwarded-for': { clientAddress: 'append' },
  'x-forwarded-proto': { protocol: true },
  'x-forwarded-port': { port: true },
  'x-forwarded-host': { host: true },
  'x-forwarded-client-port': { clientPort: true },
  forwarded: { standard: true },
};

const CONNECTION = /^(connection|content-length|host|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/;

/** A change of a header of requests: a setting of the listener, or something for the rules. Throws NotCarried. */
export function requestHeader(edit: HeaderChange): ForwardingPatch | HeaderChange {
  const name = edit.name.toLowerCase();
  const forwarding = FORWARDING[name];
  if (forwarding !== undefined) {
    if (edit.operation === 'remove') throw new NotCarried(`takes away ${edit.name}, which the listener decides on`);
    return forwarding;
  }
  return headerEdit(edit);
}

export function headerEdit(edit: HeaderChange): HeaderChange {
  if (CONNECTION.test(edit.name.toLowerCase())) throw new NotCarried(`changes ${edit.name}, which rules may not`);
  return edit;
}

export function isEdit(setting: ForwardingPatch | HeaderChange): setting is HeaderChange {
  return 'operation' in setting;
}
