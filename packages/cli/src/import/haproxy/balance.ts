import { SLOW_START, STICKINESS, TARGET_LIMITS } from '@evenkeel/model/limits.ts';
import type { BackendServiceDocument } from '@evenkeel/model/resources/backend-service.ts';
import type { StickinessPatch } from '@evenkeel/model/resources/stickiness.ts';
import { numberWithin, secondsWithin } from '../bounds.ts';
import type { Findings } from '../findings.ts';
import type { Server } from './server.ts';
import type { Statements } from './statements.ts';
import { milliseconds } from './time.ts';

type Choice = Pick<BackendServiceDocument, 'algorithm' | 'hash' | 'stickiness' | 'targetLimits' | 'slowStart'>;

/** How a backend chooses a server, and what it lets one take. */
export function balanceOf(statements: Statements, servers: readonly Server[], findings: Findings): Choice {
  const stickiness = stickinessOf(statements, servers, findings);
  const balance = statements.last('balance');
  const algorithm = algorithmOf(balance?.words.slice(1) ?? []);
  statements.take('hash-type');
  if (balance !== null && algorithm === null) {
    findings.add('differs', balance, 'becomes round-robin: there is no such algorithm');
  }
  const byCookie = stickiness?.type === 'cookie' || stickiness?.type === 'application-cookie';
  if (byCookie && algorithm !== null && algorithm.algorithm !== 'round-robin' && balance !== null) {
    findings.add('differs', balance, 'becomes round-robin, which is what sessions by a cookie are with');
  }
  return {
    ...(byCookie || algorithm === null ? { algorithm: 'round-robin' as const } : algorithm),
    ...(stickiness === null ? {} : { stickiness }),
    ...limitsOf(statements, servers, findings),
  };
}

function algorithmOf([name = 'roundrobin', argument]: readonly string[]): Choice | null {
  switch (name.replace(/\(.*/, '')) {
    case 'roundrobin':
    case 'static-rr':
      return { algorithm: 'round-robin' };
    case 'leastconn':
      return { algorithm: 'least-connections' };
    case 'source':
      return { algorithm: 'source-ip' };
    case 'random':
      return { algorithm: 'power-of-two' };
    case 'uri':
      return { algorithm: 'hash', hash: { key: argument === 'whole' ? 'uri' : 'path' } };
    case 'hdr': {
      const header = /\((.*)\)/.exec(name)?.[1] ?? '';
      return header.toLowerCase() === 'host'
        ? { algorithm: 'hash', hash: { key: 'host' } }
        : { algorithm: 'hash', hash: { key: 'header', name: header } };
    }
    default:
      return null;
  }
}

function stickinessOf(statements: Statements, servers: readonly Server[], findings: Findings): StickinessPatch | null {
  const cookie = statements.last('cookie');
  const table = statements.last('stick-table');
  const sticks = statements.take('stick');
  if (cookie !== null) {
    if (cookie.words.includes('insert')) {
      if (servers.some(({ settings }) => settings.has('cookie'))) {
        findings.add('differs', cookie, 'clients get a new cookie: its value tells nobody which server it is');
      }
      return { type: 'cookie', cookieName: cookie.words[1] ?? '' };
    }
    findings.add(
      'left-out',
      cookie,
      'only `insert` is carried over: the cookie of an application is `application-cookie`',
    );
  }
  const timeout = (): Pick<StickinessPatch, 'timeout'> => {
    const at = table?.words.indexOf('expire') ?? -1;
    if (table === null || at < 0) return {};
    return { timeout: secondsWithin(milliseconds(table.words[at + 1]), STICKINESS.timeout, table, findings) };
  };
  for (const stick of sticks) {
    const sample = stick.words[2] ?? '';
    const name = /^(?:req\.|res\.)?cook\(([^)]+)\)$/.exec(sample)?.[1];
    if (name !== undefined) return { type: 'application-cookie', cookieName: name, ...timeout() };
    if (sample === 'src') return { type: 'source-ip', ...timeout() };
    findings.add('left-out', stick, 'clients are kept by their address or by a cookie alone');
  }
  if (table !== null && sticks.length === 0) {
    findings.add('left-out', table, 'there are no tables to count in: see the limits of listeners');
  }
  return null;
}

function limitsOf(statements: Statements, servers: readonly Server[], findings: Findings): Choice {
  const limited = servers.filter(({ settings }) => Number(settings.get('maxconn') ?? 0) > 0);
  const slow = servers.find(({ settings }) => settings.has('slowstart'));
  const queue = statements.last('timeout', 'queue');
  const [first] = limited;
  const limits: { -readonly [K in keyof NonNullable<Choice['targetLimits']>]: number } = {};
  if (first !== undefined) {
    const most = Math.max(...limited.map(({ settings }) => Number(settings.get('maxconn'))));
    const same =
      limited.length === servers.length && limited.every((one) => Number(one.settings.get('maxconn')) === most);
    if (!same) findings.add('differs', first.statement, `maxconn becomes ${most} for each target of the service`);
    limits.maxRequests = numberWithin(most, TARGET_LIMITS.maxRequests, first.statement, findings);
  }
  if (queue !== null) {
    limits.queueTimeout = secondsWithin(milliseconds(queue.words[2]), TARGET_LIMITS.queueTimeout, queue, findings);
  }
  if (slow === undefined) return Object.keys(limits).length === 0 ? {} : { targetLimits: limits };
  const duration = secondsWithin(
    milliseconds(slow.settings.get('slowstart'), 's'),
    SLOW_START.duration,
    slow.statement,
    findings,
  );
  return { ...(Object.keys(limits).length === 0 ? {} : { targetLimits: limits }), slowStart: { duration } };
}
