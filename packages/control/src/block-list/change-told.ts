import { type NetworkKey, networkText } from '@evenkeel/model/block-list/network-key.ts';
import { DENY_ACTIONS, type DenyAction } from '@evenkeel/model/resources/deny-list.ts';

/** Sources that one entry of the audit log names; of the others it has the number. */
const NAMED = 20;

/** What the audit log says of sources that were blocked: how many, and the first of them. */
export function blockingTold(entries: readonly { readonly source: string }[]): string {
  const named = entries.slice(0, NAMED).map(({ source }) => source);
  return told('blocked', named, entries.length);
}

/** The same of sources that the installation denies or allows. */
export function denyingTold(entries: readonly { readonly source: string; readonly action?: DenyAction }[]): string {
  const done = { deny: 'denied', allow: 'always allowed' } as const;
  return DENY_ACTIONS.flatMap((action) => {
    const own = entries.filter((entry) => (entry.action ?? 'deny') === action).map(({ source }) => source);
    return own.length === 0 ? [] : [told(done[action], own.slice(0, NAMED), own.length)];
  }).join('; ');
}

/** The same of those that were taken out of the list. */
export function removalTold(networks: readonly NetworkKey[]): string {
  return told('taken out', networks.slice(0, NAMED).map(sourceText), networks.length);
}

/** A single address without its length, as people write it. */
function sourceText(network: NetworkKey): string {
  const isAddress = network.length === (network.family === 4 ? 32 : 128);
  return isAddress ? networkText(network).replace(/\/\d+$/, '') : networkText(network);
}

function told(what: string, named: readonly string[], count: number): string {
  if (count === 0) return `no source ${what}`;
  const more = count - named.length;
  const rest = more === 0 ? '' : ` and ${more} more`;
  return `${count} ${count === 1 ? 'source' : 'sources'} ${what}: ${named.join(', ')}${rest}`;
}
