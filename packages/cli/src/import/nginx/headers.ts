import { checkHostName } from '@evenkeel/model/host-pattern.ts';
import type { ForwardingPatch } from '@evenkeel/model/resources/forwarding.ts';
import type { RuleDocument } from '@evenkeel/model/resources/rule.ts';
import type { Findings } from '../findings.ts';
import { type HeaderChange, headerEdit, isEdit, requestHeader } from '../forwarding-headers.ts';
import type { Context } from './context.ts';
import type { Destination } from './services.ts';
import { attempt } from './upstream.ts';
import { headerValue } from './values.ts';

export type Changes = Pick<RuleDocument, 'requestHeaders' | 'responseHeaders' | 'rewrite'>;

/** Of the connection, and done by itself: upgrades pass, connections to targets are kept. */
const BY_ITSELF = new Set(['connection', 'upgrade', 'accept-encoding']);

/** What is changed of requests to a destination, besides the path. What the listener does goes into `forwarding`. */
export function requestChanges(
  context: Context,
  to: Destination,
  forwarding: ForwardingPatch,
  findings: Findings,
): Changes {
  const requestHeaders: HeaderChange[] = [];
  let host: string | null = to.host;
  const said = context.inherited('proxy_set_header');
  for (const directive of said) {
    const [name = '', value = ''] = directive.args;
    if (BY_ITSELF.has(name.toLowerCase())) continue;
    if (name.toLowerCase() === 'host') {
      host = /^\$(\{)?(http_host|host)(\})?(:\$server_port)?$/.test(value) ? null : value;
      continue;
    }
    attempt(directive, findings, () => {
      const operation = value === '' ? 'remove' : 'set';
      const change = requestHeader({ operation, name, ...(operation === 'remove' ? {} : { value: '' }) });
      if (!isEdit(change)) Object.assign(forwarding, change, said.length > 0 ? replaced(name, value) : {});
      else requestHeaders.push(operation === 'remove' ? change : { ...change, value: headerValue(value) });
      return [];
    });
  }
  const plainHost = host !== null && host !== '$proxy_host' && !host.includes('$') ? host : null;
  return {
    ...(requestHeaders.length === 0 ? {} : { requestHeaders }),
    // Without a word on it, nginx tells targets the name of the upstream.
    ...(plainHost === null ? {} : hostFor(plainHost.replace(/:\d+$/, ''), to, findings)),
  };
}

function hostFor(host: string, { origin }: Destination, findings: Findings): Changes {
  const fault = checkHostName(host);
  if (fault === '') return { rewrite: { host } };
  findings.add('differs', origin, `targets get the host that was asked for: ${host} ${fault}`);
  return {};
}

/** `$remote_addr` in place of what clients sent; otherwise it is appended to that. */
function replaced(name: string, value: string): ForwardingPatch {
  return name.toLowerCase() === 'x-forwarded-for' && /^\$(\{)?remote_addr(\})?$/.test(value)
    ? { clientAddress: 'replace' }
    : {};
}

/** What is changed of answers. */
export function responseChanges(context: Context, findings: Findings): Changes {
  const added = context.inherited('add_header').flatMap((directive) =>
    attempt<HeaderChange>(directive, findings, () => {
      const [name = '', value = ''] = directive.args;
      return [headerEdit({ operation: 'add', name, value: headerValue(value) })];
    }),
  );
  const hidden = context
    .inherited('proxy_hide_header')
    .map(({ args }) => ({ operation: 'remove' as const, name: args[0] ?? '' }));
  const responseHeaders = [...hidden, ...added];
  return responseHeaders.length === 0 ? {} : { responseHeaders };
}
