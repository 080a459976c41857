import { CONNECT_TIMEOUT, READ_TIMEOUT, RETRY } from '@evenkeel/model/limits.ts';
import type { BackendServiceDocument } from '@evenkeel/model/resources/backend-service.ts';
import type { TargetTlsDocument } from '@evenkeel/model/resources/target-tls.ts';
import { numberWithin, secondsWithin } from '../bounds.ts';
import { type Findings, NotCarried, type Origin } from '../findings.ts';
import { balanceOf } from './balance.ts';
import { healthCheckOf } from './health-check.ts';
import type { Proxy } from './proxy.ts';
import { type Server, serverOf, targetOf } from './server.ts';
import { milliseconds } from './time.ts';

/** HAProxy's weights go up to 256, ours to 100. */
const MOST_WEIGHT = 100;

/** The backend service that a `backend`, or the backend's half of a `listen`, is. */
export function serviceOf(proxy: Proxy, name: string, findings: Findings): BackendServiceDocument {
  const { statements, mode } = proxy;
  const defaults = statements.take('default-server');
  const servers = statements.take('server').map((statement) => serverOf(statement, defaults, findings));
  for (const template of statements.take('server-template')) {
    findings.add('to-do', template, 'register targets by their addresses: names are not resolved');
  }
  const weights = servers.map(({ settings }) => Number(settings.get('weight') ?? 1));
  const scale = Math.max(...weights, 1) > MOST_WEIGHT ? MOST_WEIGHT / Math.max(...weights) : 1;
  const targets = servers.flatMap((server) => {
    try {
      return [targetOf(server, scale, findings)];
    } catch (error) {
      return told(error, server, findings);
    }
  });
  const secured = servers.find(({ settings }) => settings.has('ssl'));
  const port = servers.find((server) => server.port !== null)?.port;
  if (port === undefined && servers.length > 0) {
    findings.add('to-do', servers[0]!.statement, 'names no port: set the port of the service');
  }
  return {
    name,
    protocol: mode,
    port: port ?? (mode === 'http' ? 80 : 1),
    ...balanceOf(statements, servers, findings),
    ...timeoutsOf(proxy, findings),
    ...(secured === undefined ? {} : { tls: tlsOf(secured, findings) }),
    ...sourceOf(servers, findings),
    healthCheck: healthCheckOf(statements, servers, findings),
    targets,
  };
}

function told(error: unknown, server: Server, findings: Findings): [] {
  if (!(error instanceof NotCarried)) throw error;
  findings.add('to-do', server.statement, error.message);
  return [];
}

function timeoutsOf({ statements, mode }: Proxy, findings: Findings): Partial<BackendServiceDocument> {
  const connect = statements.last('timeout', 'connect');
  const answer = statements.last('timeout', 'server');
  const retries = statements.last('retries');
  const conditions = statements.last('retry-on');
  statements.option('redispatch');
  const seconds = (
    origin: Origin & { words: readonly string[] },
    bounds: typeof CONNECT_TIMEOUT | typeof READ_TIMEOUT,
  ) => secondsWithin(milliseconds(origin.words[2]), bounds, origin, findings);
  if (conditions !== null) {
    findings.add(
      'differs',
      conditions,
      'see `retry` of backend services: by default, after connections that failed or ended without an answer',
    );
  }
  return {
    ...(connect === null ? {} : { connectTimeout: seconds(connect, CONNECT_TIMEOUT) }),
    ...(answer === null || mode === 'tcp' ? {} : { readTimeout: seconds(answer, READ_TIMEOUT) }),
    ...(retries === null
      ? {}
      : { retry: { attempts: numberWithin(Number(retries.words[1]) + 1, RETRY.attempts, retries, findings) } }),
  };
}

function tlsOf({ statement, settings }: Server, findings: Findings): TargetTlsDocument {
  const verify =
    settings.get('verify') === 'required' || (settings.has('ca-file') && settings.get('verify') !== 'none');
  const file = settings.get('ca-file') ?? '';
  const name = /^str\(([^)]*)\)$/.exec(settings.get('sni') ?? '')?.[1] ?? settings.get('verifyhost') ?? '';
  if (!verify) return { enabled: true, verify: false, ...(name === '' ? {} : { serverName: name }) };
  const authority = nameOfFile(file);
  findings.add('to-do', statement, `first: evenkeel authority create ${authority} --certificates ${file}`);
  return { enabled: true, authority, ...(name === '' ? {} : { serverName: name }) };
}

function sourceOf(servers: readonly Server[], findings: Findings): Partial<BackendServiceDocument> {
  const result: { proxyProtocol?: 'v1' | 'v2'; transparent?: true } = {};
  for (const { statement, settings } of servers) {
    if (settings.has('send-proxy')) result.proxyProtocol = 'v1';
    if (settings.has('send-proxy-v2')) result.proxyProtocol = 'v2';
    const source = settings.get('source');
    if (source === undefined) continue;
    if (/usesrc (clientip|client)$/.test(source)) result.transparent = true;
    else findings.add('left-out', statement, 'the source of connections is chosen by the system');
  }
  return result;
}

/** What a certificate or authority of this file is called. */
export function nameOfFile(path: string): string {
  const base = path.split('/').findLast((part) => part !== '') ?? '';
  return base.replace(/\.(pem|crt|cer|key)$/, '').replace(/[^\p{L}\p{N}_.-]+/gu, '-') || 'certificate';
}
