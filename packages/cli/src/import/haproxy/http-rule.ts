import type { ForwardingPatch } from '@evenkeel/model/resources/forwarding.ts';
import type { RedirectInput, RespondInput } from '@evenkeel/model/resources/rule-actions.ts';
import type { RewriteInput } from '@evenkeel/model/resources/rule-edits.ts';
import { REDIRECT_STATUSES } from '@evenkeel/model/settings.ts';
import { checked } from '../condition.ts';
import { NotCarried } from '../findings.ts';
import { type HeaderChange, headerEdit, isEdit, requestHeader } from '../forwarding-headers.ts';
import { headerValue } from './values.ts';

/** What one `http-request`, `http-response`, `redirect` or the like does. */
export type Step =
  | { readonly kind: 'redirect'; readonly redirect: RedirectInput }
  | { readonly kind: 'respond'; readonly respond: RespondInput }
  | { readonly kind: 'request-header'; readonly edit: HeaderChange }
  | { readonly kind: 'response-header'; readonly edit: HeaderChange }
  | { readonly kind: 'forwarding'; readonly forwarding: ForwardingPatch }
  | { readonly kind: 'rewrite'; readonly rewrite: RewriteInput }
  | { readonly kind: 'nothing' };

/** Words up to `if` or `unless`. Throws NotCarried. */
export function stepOf(words: readonly string[]): Step {
  const [where = '', action = '', ...rest] = words;
  if (where === 'redirect') return redirectOf([action, ...rest]);
  if (where === 'monitor-uri') return { kind: 'respond', respond: { status: 200 } };
  if (where === 'block') return { kind: 'respond', respond: { status: 403 } };
  const response = where === 'http-response' || where === 'http-after-response';
  switch (action) {
    case 'redirect':
      return redirectOf(rest);
    case 'deny':
      if (response) break;
      return {
        kind: 'respond',
        respond: { status: Number(after(rest, 'deny_status') ?? after(rest, 'status') ?? 403) },
      };
    case 'tarpit':
      return { kind: 'respond', respond: { status: Number(after(rest, 'deny_status') ?? 500) } };
    case 'return':
      return respondOf(rest);
    case 'set-header':
    case 'add-header':
    case 'del-header':
      return headerStep(action, rest, response);
    case 'set-path':
      return { kind: 'rewrite', rewrite: { path: { kind: 'whole', replacement: plain(rest[0]) } } };
    case 'replace-path': {
      const replacement = (rest[1] ?? '').replace(/\\([1-9])/g, '$$$1');
      return { kind: 'rewrite', rewrite: { path: { kind: 'regex', pattern: checked(rest[0] ?? ''), replacement } } };
    }
    case 'allow':
      throw new NotCarried('ends the rules early: put the rules behind it under conditions of their own');
    case 'set-log-level':
    case 'capture':
    case 'set-nice':
      return { kind: 'nothing' };
  }
  throw new NotCarried(`does ${action || where}, which rules cannot`);
}

function headerStep(action: string, [name = '', value = '']: readonly string[], response: boolean): Step {
  const operation = ({ 'set-header': 'set', 'add-header': 'add', 'del-header': 'remove' } as const)[action] ?? 'set';
  const edit = { operation, name, ...(operation === 'remove' ? {} : { value: '' }) };
  if (response) {
    const full = operation === 'remove' ? edit : { ...edit, value: headerValue(value) };
    return { kind: 'response-header', edit: headerEdit(full) };
  }
  const forwarding = requestHeader(edit);
  if (!isEdit(forwarding)) return { kind: 'forwarding', forwarding };
  return { kind: 'request-header', edit: operation === 'remove' ? edit : { ...edit, value: headerValue(value) } };
}

function redirectOf(words: readonly string[]): Step {
  const status = statusOf(after(words, 'code'));
  const scheme = after(words, 'scheme');
  if (scheme !== undefined) {
    const protocol = scheme.toLowerCase();
    if (protocol !== 'http' && protocol !== 'https') throw new NotCarried(`redirects to the scheme ${scheme}`);
    return { kind: 'redirect', redirect: { status, protocol, port: 0 } };
  }
  const location = after(words, 'location');
  const prefix = after(words, 'prefix');
  const url = location ?? prefix;
  if (url === undefined) throw new NotCarried('redirects to nothing that is known here');
  // %[path] and %[capture.req.uri] behind a host are what stays anyway.
  const kept = /%\[(path|capture\.req\.uri|pathq|url|req\.uri)\]$|%HU$|%HP$/.test(url);
  return { kind: 'redirect', redirect: { status, ...placeOf(url, kept || location === undefined) } };
}

/** The parts of an address that a redirect names; with `pathStays`, path and query are as they were asked for. */
export function placeOf(url: string, pathStays: boolean): RedirectInput {
  const bare = url.replace(/%\[[^\]]*\]$|%H[UP]$/, '');
  if (bare.includes('%[')) throw new NotCarried('makes its target of parts of the request');
  const [, protocol, host, port, path, query] =
    /^(?:(https?):)?(?:\/\/([^/:?#]+)(?::(\d+))?)?([^?#]*)(?:\?([^#]*))?/i.exec(bare) ?? [];
  const own = path !== undefined && path !== '' && path !== '/';
  if (pathStays && own) throw new NotCarried('puts a path in front of the one that was asked for');
  return {
    ...(protocol === undefined
      ? {}
      : { protocol: protocol.toLowerCase() as 'http' | 'https', port: Number(port ?? 0) }),
    ...(host === undefined ? {} : { host: host.toLowerCase() }),
    ...(protocol === undefined && port !== undefined ? { port: Number(port) } : {}),
    ...(pathStays ? {} : { path: path === undefined || path === '' ? '/' : path, query: query ?? '' }),
  };
}

export function statusOf(text: string | undefined): 301 | 302 | 303 | 307 | 308 {
  const status = REDIRECT_STATUSES.find((one) => one === Number(text ?? 302));
  if (status === undefined) throw new NotCarried(`redirects with ${text}`);
  return status;
}

function respondOf(words: readonly string[]): Step {
  for (const keyword of ['file', 'lf-file', 'lf-string', 'errorfile', 'errorfiles', 'default-errorfiles', 'hdr']) {
    if (words.includes(keyword)) throw new NotCarried(`answers with ${keyword}: write the body out`);
  }
  const contentType = after(words, 'content-type');
  const body = after(words, 'string');
  const respond = {
    status: Number(after(words, 'status') ?? 200),
    ...(contentType === undefined ? {} : { contentType }),
    ...(body === undefined ? {} : { body }),
  };
  return { kind: 'respond', respond };
}

function plain(text = ''): string {
  if (text.includes('%')) throw new NotCarried('makes the path of parts of the request');
  return text;
}

function after(words: readonly string[], word: string): string | undefined {
  const at = words.indexOf(word);
  return at < 0 ? undefined : words[at + 1];
}
