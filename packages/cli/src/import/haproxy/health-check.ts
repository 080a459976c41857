import { HEALTH_CHECK } from '@evenkeel/model/limits.ts';
import type { HealthCheckPatch } from '@evenkeel/model/resources/health-check.ts';
import { numberWithin, secondsWithin } from '../bounds.ts';
import { type Findings, NotCarried } from '../findings.ts';
import type { Server } from './server.ts';
import type { Statements } from './statements.ts';
import { milliseconds } from './time.ts';

/** HAProxy's own defaults (manual, §5.2). */
const INTERVAL = '2s';
const RISE = '2';
const FALL = '3';

/** What a backend's servers are checked by. */
export function healthCheckOf(
  statements: Statements,
  servers: readonly Server[],
  findings: Findings,
): HealthCheckPatch {
  const kind = checkKind(statements, findings);
  const timeout = statements.last('timeout', 'check');
  const checkedServers = servers.filter(({ settings }) => settings.has('check'));
  const [first] = checkedServers;
  if (first === undefined) return { enabled: false };
  for (const { statement, settings } of servers) {
    for (const keyword of ['check', 'inter', 'rise', 'fall', 'port', 'addr']) {
      if (settings.get(keyword) !== first.settings.get(keyword)) {
        findings.add('differs', statement, `is checked as ${first.name}: targets of a service are all checked alike`);
        break;
      }
    }
  }
  const { statement, settings } = first;
  if (settings.has('addr'))
    findings.add('left-out', statement, 'checks go to the address of the target, not to `addr`');
  const inter = milliseconds(settings.get('inter') ?? INTERVAL);
  const limit = timeout === null ? inter : milliseconds(timeout.words[2]);
  const interval = secondsWithin(inter, HEALTH_CHECK.interval, statement, findings);
  const port = settings.get('port');
  return {
    ...secured(kind, settings),
    interval,
    timeout: secondsWithin(limit, { ...HEALTH_CHECK.timeout, minimum: 1 }, timeout ?? statement, findings),
    rise: numberWithin(Number(settings.get('rise') ?? RISE), HEALTH_CHECK.rise, statement, findings),
    fall: numberWithin(Number(settings.get('fall') ?? FALL), HEALTH_CHECK.fall, statement, findings),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

function checkKind(statements: Statements, findings: Findings): HealthCheckPatch {
  const http = statements.option('httpchk');
  const refinements = statements.take('http-check');
  if (http === null) {
    for (const option of [
      'tcp-check',
      'ssl-hello-chk',
      'mysql-check',
      'pgsql-check',
      'redis-check',
      'smtpchk',
      'ldap-check',
    ]) {
      const said = statements.option(option);
      if (said !== null && option !== 'tcp-check') findings.add('differs', said, 'becomes a check by connecting');
    }
    for (const said of statements.take('tcp-check')) {
      if (said.words[1] !== 'connect') findings.add('left-out', said, 'see `send` and `expect` of health checks');
    }
    return { protocol: 'tcp' };
  }
  const [, , first, second, version = ''] = http.words;
  const check: { -readonly [K in keyof HealthCheckPatch]: HealthCheckPatch[K] } = { protocol: 'http' };
  setRequest(check, second === undefined ? undefined : first, second ?? first ?? '/');
  if (/1\.1/.test(version)) check.httpVersion = '1.1';
  const host = /\bHost:\s*([^\s\\]+)/i.exec(http.words.slice(4).join(' '))?.[1];
  if (host !== undefined) check.host = host;
  if (second === undefined && !refinements.some(({ words }) => words[1] === 'send')) {
    findings.add('differs', http, 'asks by GET: by default, HAProxy asks by OPTIONS');
  }
  for (const said of refinements) {
    try {
      refine(check, said.words.slice(1));
    } catch (error) {
      if (!(error instanceof NotCarried)) throw error;
      findings.add('left-out', said, error.message);
    }
  }
  return check;
}

type Check = { -readonly [K in keyof HealthCheckPatch]: HealthCheckPatch[K] };

function setRequest(check: Check, method: string | undefined, path: string): void {
  if (method === 'HEAD') check.method = 'HEAD';
  check.path = path.startsWith('/') ? path : '/';
}

function refine(check: Check, words: readonly string[]): void {
  if (words[0] === 'connect') {
    if (words.includes('ssl')) check.protocol = 'https';
    return;
  }
  if (words[0] === 'send') {
    const after = (word: string) => (words.includes(word) ? words[words.indexOf(word) + 1] : undefined);
    setRequest(check, after('meth'), after('uri') ?? check.path ?? '/');
    if (after('ver') === 'HTTP/1.1') check.httpVersion = '1.1';
    for (let at = words.indexOf('hdr'); at >= 0; at = words.indexOf('hdr', at + 1)) {
      if (words[at + 1]?.toLowerCase() !== 'host') throw new NotCarried('sends a header other than Host');
      check.host = words[at + 2] ?? '';
    }
    return;
  }
  if (words[0] !== 'expect') throw new NotCarried('is not carried over');
  if (words[1] === 'status') check.codes = (words[2] ?? '').split(',');
  else if (words[1] === 'rstatus') check.codes = classesOf(words[2] ?? '');
  else throw new NotCarried('looks at more than the status, which http checks do not');
}

/** Patterns of statuses that are used: `^2`, `2[0-9][0-9]`, `(2|3)[0-9][0-9]`, `^(200|204)$`. */
function classesOf(pattern: string): string[] {
  const bare = pattern.replace(/^\^|\$$/g, '').replaceAll(/\[0-9\]|\\d|\./g, 'x');
  const [, head = '', tail = ''] = /^\(?\[?([1-5|]+|[1-5]{3}(?:\|[1-5]\d\d)*)[\])]*(x{0,2})$/.exec(bare) ?? [];
  const parts = head.includes('|') || head.length !== 2 ? head.split('|') : [...head];
  const codes = parts.map((part) => (part.length === 3 ? part : part.length === 1 ? `${part}xx` : ''));
  if (codes.length === 0 || codes.includes('') || tail.length === 1) {
    throw new NotCarried('expects statuses by a pattern: write them as `codes`');
  }
  return codes;
}

function secured(check: HealthCheckPatch, settings: ReadonlyMap<string, string>): HealthCheckPatch {
  if (!settings.has('check-ssl') || settings.has('ssl')) return check;
  return { ...check, protocol: check.protocol === 'tcp' ? 'tls' : 'https' };
}
