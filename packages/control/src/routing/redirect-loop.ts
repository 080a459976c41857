import { parseHostPattern } from '@evenkeel/model/host-pattern.ts';
import type { RuleOrder } from '@evenkeel/model/plan/rules.ts';
import type { RuleMatch } from '@evenkeel/model/resources/rule-match.ts';
import type { ListenerRecord, RuleRecord } from '../state/records.ts';

type Way = Pick<ListenerRecord, 'protocol' | 'port'>;

/**
 * Whether the redirect of a rule certainly leads back to the rule: the request that follows it meets the same rule, and
 * no other of `rules`, which are in order of priority, could take it. `listener` is one that uses the group; null: what
 * holds for any.
 */
export function leadsToItself(
  rule: RuleRecord,
  rules: Iterable<RuleRecord>,
  order: RuleOrder,
  listener: Way | null,
): boolean {
  const { redirect, match } = rule;
  if (redirect === null || !staysOn(redirect, listener) || losesItsMethod(rule)) return false;
  // Another query may be what ends it.
  if (redirect.query !== null && match.query.length > 0) return false;
  const { host, path } = redirect;
  const fits = (other: RuleMatch, how: 'surely' | 'perhaps') =>
    (host === null || hostFits(other, host, how)) && (path === null || pathFits(other, path, how));
  if (!fits(match, 'surely')) return false;
  if (isTheSame(rule)) return true;
  const staysInPlace = host === null && path === null;
  for (const other of rules) {
    if (other.id === rule.id) {
      if (order === 'priority') return true;
      continue;
    }
    if (staysInPlace && asksNothingElse(other.match, rule)) continue;
    // Where hosts come first, a rule for any host is no better than one for this.
    const worse = order !== 'priority' && other.match.hosts.length === 0 && match.hosts.length > 0;
    // Who stays in a better host finds nothing there, if it has no such path.
    const stays = order === 'stay-in-host' && host !== null && hostFits(other.match, host, 'perhaps');
    if (!worse && (stays || fits(other.match, 'perhaps'))) return false;
  }
  return true;
}

/** Whether the client comes back by the same listener. */
function staysOn({ protocol, port }: NonNullable<RuleRecord['redirect']>, listener: Way | null): boolean {
  if (listener === null) return protocol === null && port === null;
  const wanted = protocol ?? listener.protocol;
  const standard = wanted === 'https' ? 443 : 80;
  return wanted === listener.protocol && (port === null || (port || standard) === listener.port);
}

/** 303 makes a GET of everything, and clients make one of POST for 301 and 302 (RFC 9110 §15.4). */
function losesItsMethod({ redirect, match: { methods } }: RuleRecord): boolean {
  if (methods.length === 0 || methods.includes('GET') || methods.includes('HEAD')) return false;
  return redirect!.status === 303 || (redirect!.status < 303 && methods.every((method) => method === 'POST'));
}

/**
 * Whether a rule that has not taken the request cannot take the next one either, which is for the same host and path: it
 * asks for nothing that may be another then, as methods are, cookies, and the query if the redirect changes that.
 */
function asksNothingElse({ methods, headers, cookies, query }: RuleMatch, { redirect }: RuleRecord): boolean {
  const sameQuery = query.length === 0 || redirect!.query === null;
  return sameQuery && methods.length === 0 && headers.length === 0 && cookies.length === 0;
}

/** Whether the next request is the very request that was redirected: then nothing can end it. */
function isTheSame({ redirect, match: { hosts, paths, methods } }: RuleRecord): boolean {
  const { status, host, path, query } = redirect!;
  const sameMethod =
    status >= 307 || (methods.length > 0 && methods.every((method) => method === 'GET' || method === 'HEAD'));
  const [onlyPath] = paths;
  const samePath =
    paths.length === 1 && onlyPath!.kind === 'exact' && !onlyPath!.ignoreCase && onlyPath!.value === path;
  const sameHost = hosts.length === 1 && hosts[0] === host?.toLowerCase();
  return sameMethod && query === null && (host === null || sameHost) && (path === null || samePath);
}

/** Regular expressions are not tried: they fit perhaps, but not surely. */
function hostFits({ hosts }: RuleMatch, text: string, how: 'surely' | 'perhaps'): boolean {
  if (hosts.length === 0) return true;
  const host = text.toLowerCase();
  return hosts.some((pattern) => {
    const { kind, value } = parseHostPattern(pattern);
    switch (kind) {
      case 'exact':
        return host === value;
      case 'prefix-wildcard':
        return host.endsWith(`.${value}`);
      case 'suffix-wildcard':
        return host.startsWith(`${value}.`);
      case 'regex':
        return how === 'perhaps';
      default:
        return kind satisfies never;
    }
  });
}

function pathFits({ paths }: RuleMatch, text: string, how: 'surely' | 'perhaps'): boolean {
  if (paths.length === 0) return true;
  return paths.some(({ kind, value, ignoreCase }) => {
    const [path, wanted] = ignoreCase ? [text.toLowerCase(), value.toLowerCase()] : [text, value];
    switch (kind) {
      case 'exact':
        return path === wanted;
      case 'prefix':
        return path.startsWith(wanted);
      case 'regex':
        return how === 'perhaps';
      default:
        return kind satisfies never;
    }
  });
}
