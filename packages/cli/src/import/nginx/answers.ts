import type { RuleDocument } from '@evenkeel/model/resources/rule.ts';
import type { RedirectInput } from '@evenkeel/model/resources/rule-actions.ts';
import { NotCarried } from '../findings.ts';
import type { Directive } from './words.ts';

type Answer = Pick<RuleDocument, 'redirect' | 'respond'>;

/** What a `return` answers. Throws NotCarried when a rule cannot. */
export function answerOf({ args }: Directive): Answer {
  const [first = '', text] = args;
  const code = /^\d{3}$/.test(first) ? Number(first) : null;
  if (code === null) return { redirect: { status: 302, ...placeOf(first) } };
  if (code === 301 || code === 302 || code === 303 || code === 307 || code === 308) {
    return { redirect: { status: code, ...placeOf(text ?? '') } };
  }
  if (code === 444) throw new NotCarried('closes the connection without an answer: answer 403 by a rule');
  if (text?.includes('$')) throw new NotCarried('answers with variables');
  return { respond: { status: code, ...(text === undefined ? {} : { body: text }) } };
}

/** The parts of an address; `$scheme`, `$host` and `$request_uri` are what was asked for. */
export function placeOf(url: string): RedirectInput {
  const [, scheme, host, port, rest = ''] =
    /^(?:(https?|\$scheme|\$\{scheme\}):\/\/(\$\{?(?:host|http_host|server_name)\}?|[^/:$]+)(?::(\d+))?)?(.*)$/.exec(
      url,
    ) ?? [];
  const place: { -readonly [K in keyof RedirectInput]: RedirectInput[K] } = {};
  if (scheme === 'http' || scheme === 'https') {
    place.protocol = scheme;
    place.port = Number(port ?? 0);
  } else if (port !== undefined) place.port = Number(port);
  const sameHost = host === undefined || /^\$\{?(host|http_host|server_name)\}?$/.test(host);
  if (!sameHost) {
    if (host.includes('$')) throw new NotCarried('redirects to a host that is made of parts of the request');
    place.host = host.toLowerCase();
  }
  const path = rest.replace(/\?$/, '');
  if (/^\$\{?request_uri\}?$/.test(path) || /^\$\{?uri\}?(\$\{?is_args\}?\$\{?args\}?)?$/.test(path)) return place;
  if (path.includes('$')) throw new NotCarried('redirects to a path that is made of parts of the request');
  const query = path.indexOf('?');
  place.path = (query < 0 ? path : path.slice(0, query)) || '/';
  place.query = query < 0 ? '' : path.slice(query + 1);
  return place;
}
