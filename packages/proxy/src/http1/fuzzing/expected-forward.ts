import type { Message } from './message.ts';
import { CLIENT } from './own-reader.ts';

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'http2-settings']);

/** What proxies say of clients, which a client without trust does not; and what CGI takes for that, or for framing. */
const SAID_OF_CLIENTS = /^(forwarded|x[-_]forwarded[-_](for|proto|port|host|lbip|client[-_]port))$/;
const LOOKALIKE = /^(content_length|transfer_encoding)$/;

/** One protocol with or without a version; what speaks HTTP again is kept out. */
const PROTOCOL = /^(?!(?:h2c|h2|http|tls)(?:\/|$))[!#$%&'*+.^_`|~0-9a-z-]+(?:\/[!#$%&'*+.^_`|~0-9a-z-]+)?$/i;

/** Fields that frame or address the message: `Connection` cannot take them away (RFC 9110 section 7.6.1). */
const NOT_NAMEABLE = new Set(['host', 'content-length', 'transfer-encoding', 'trailer', 'expect']);

/**
 * What a target must see of a request, by RFC 9110 section 7.6.1 and what it is told of the client; a `Connection` that says
 * nothing but keep-alive may be there as well.
 */
export function expectedForward(request: Message): Message {
  const has = (name: string): boolean => request.fields.some(([its]) => its.toLowerCase() === name);
  const valuesOf = (name: string): string[] =>
    request.fields.filter(([its]) => its.toLowerCase() === name).map(([, value]) => value);
  const named = new Set(valuesOf('connection').flatMap((value) => value.toLowerCase().split(/[ \t]*,[ \t]*/)));
  const upgrades = asksForUpgrade(request, named, valuesOf('upgrade'));
  const kept = request.fields.filter(([name]) => {
    const lower = name.toLowerCase();
    if (lower === 'expect') return request.minor === 1;
    if (lower === 'upgrade') return upgrades;
    if (HOP_BY_HOP.has(lower) || SAID_OF_CLIENTS.test(lower) || LOOKALIKE.test(lower)) return false;
    return NOT_NAMEABLE.has(lower) || !named.has(lower);
  });
  const host: [string, string][] = has('host') ? [] : [['Host', `${CLIENT.localAddress}:${CLIENT.localPort}`]];
  const path = request.target.replace(/^https?:\/\/[^/?]+/i, '');
  return {
    method: request.method,
    target: request.target === '*' || path.startsWith('/') ? path : `/${path}`,
    minor: 1,
    fields: [
      ['X-Forwarded-For', CLIENT.remoteAddress],
      ...host,
      ...(upgrades ? [['Connection', 'Upgrade'] as [string, string]] : []),
      ...kept,
    ],
    body: request.body,
  };
}

/** Whether an upgrade is passed on (RFC 9110 section 7.8): of HTTP/1.1, to one protocol, with nothing behind the head. */
function asksForUpgrade(request: Message, named: ReadonlySet<string>, values: readonly string[]): boolean {
  if (request.minor !== 1 || !named.has('upgrade') || values.length !== 1) return false;
  const declares = request.fields.some(
    ([name, value]) => /^transfer-encoding$/i.test(name) || (/^content-length$/i.test(name) && Number(value) > 0),
  );
  return !declares && PROTOCOL.test(values[0]!);
}
