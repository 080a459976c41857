import { isAddress } from '@evenkeel/model/address.ts';
import { OUTLIER_DETECTION, TARGET_LIMITS } from '@evenkeel/model/limits.ts';
import type { BackendServiceDocument } from '@evenkeel/model/resources/backend-service.ts';
import type { TargetInput } from '@evenkeel/model/resources/target.ts';
import { numberWithin, secondsWithin } from '../bounds.ts';
import { type Findings, NotCarried } from '../findings.ts';
import { Context } from './context.ts';
import { milliseconds } from './units.ts';
import type { Directive } from './words.ts';

type Balanced = Pick<
  BackendServiceDocument,
  'algorithm' | 'hash' | 'stickiness' | 'targets' | 'targetLimits' | 'outlierDetection'
>;

const MOST_WEIGHT = 100;
/** What changes nothing here: connections are kept by themselves, and workers share what they know. */
const NOT_NEEDED = [
  'zone',
  'keepalive',
  'keepalive_timeout',
  'keepalive_requests',
  'keepalive_time',
  'queue',
  'resolver',
];

/** The targets of an `upstream` block and how one of them is chosen. */
export function upstreamOf(upstream: Directive, findings: Findings): Balanced {
  const context = new Context(upstream.block ?? []);
  const servers = context.own('server');
  const largest = Math.max(...servers.map((server) => Number(parameter(server, 'weight') ?? 1)), 1);
  const scale = largest > MOST_WEIGHT ? MOST_WEIGHT / largest : 1;
  const targets = servers.flatMap((server) => attempt(server, findings, () => [targetOf(server, scale, findings)]));
  const result = { ...choiceOf(context, findings), ...limitsOf(servers, findings), targets };
  for (const name of NOT_NEEDED) context.own(name);
  for (const directive of context.untaken) findings.add('left-out', directive, 'is not known here');
  return result;
}

/** The target that a `proxy_pass` with an address of its own means. */
export function targetAt(host: string, port: number): TargetInput {
  if (!isAddress(host)) throw new NotCarried(`${host} is no IP address: register its addresses as targets`);
  return { address: host, port };
}

function targetOf(server: Directive, scale: number, findings: Findings): TargetInput {
  const [where = ''] = server.args;
  if (where.startsWith('unix:')) throw new NotCarried('targets are reached by TCP, not by a socket in the file system');
  const [, bracketed, plain = '', port = '80'] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(where) ?? [];
  const target = targetAt(bracketed ?? plain, Number(port));
  const backup = server.args.includes('backup');
  if (backup) {
    findings.add('differs', server, 'a backup becomes a disabled target: there are no backups, enable it when needed');
  }
  return {
    ...target,
    weight: Math.round(Number(parameter(server, 'weight') ?? 1) * scale),
    ...(backup || server.args.includes('down') ? { state: 'disabled' as const } : {}),
  };
}

function choiceOf(context: Context, findings: Findings): Pick<Balanced, 'algorithm' | 'hash' | 'stickiness'> {
  if (context.own('least_conn').length > 0) return { algorithm: 'least-connections' };
  if (context.own('least_time').length > 0) return { algorithm: 'peak-ewma' };
  if (context.own('random').length > 0) return { algorithm: 'power-of-two' };
  if (context.own('ip_hash').length > 0) return { algorithm: 'source-ip' };
  const [sticky] = context.own('sticky');
  if (sticky?.args[0] === 'cookie') {
    return { algorithm: 'round-robin', stickiness: { type: 'cookie', cookieName: sticky.args[1] ?? '' } };
  }
  if (sticky !== undefined) findings.add('left-out', sticky, 'only `sticky cookie` is carried over');
  const [hash] = context.own('hash');
  if (hash === undefined) return { algorithm: 'round-robin' };
  const key = hash.args[0] ?? '';
  const [, kind, name] = /^\$(http|cookie)_(\w+)$/.exec(key) ?? [];
  if (kind === 'cookie') return { algorithm: 'hash', hash: { key: 'cookie', name: name! } };
  if (key === '$http_host' || key === '$host') return { algorithm: 'hash', hash: { key: 'host' } };
  if (kind === 'http') return { algorithm: 'hash', hash: { key: 'header', name: name!.replaceAll('_', '-') } };
  if (key === '$remote_addr' || key === '$binary_remote_addr') return { algorithm: 'source-ip' };
  if (key === '$request_uri') return { algorithm: 'hash', hash: { key: 'uri' } };
  if (key === '$uri') return { algorithm: 'hash', hash: { key: 'path' } };
  findings.add('differs', hash, `becomes round-robin: there is no hash of ${key}`);
  return { algorithm: 'round-robin' };
}

function limitsOf(
  servers: readonly Directive[],
  findings: Findings,
): Pick<Balanced, 'targetLimits' | 'outlierDetection'> {
  const capped = servers.find((server) => Number(parameter(server, 'max_conns') ?? 0) > 0);
  const failing = servers.find((server) => parameter(server, 'max_fails') ?? parameter(server, 'fail_timeout'));
  const fails = failing && parameter(failing, 'max_fails');
  const pause = failing && parameter(failing, 'fail_timeout');
  const { maxRequests } = TARGET_LIMITS;
  const { consecutiveErrors, baseEjection } = OUTLIER_DETECTION;
  const detection = {
    ...(failing === undefined || fails === undefined
      ? {}
      : { consecutiveErrors: numberWithin(Number(fails), consecutiveErrors, failing, findings) }),
    ...(failing === undefined || pause === undefined
      ? {}
      : { baseEjection: secondsWithin(milliseconds(pause), baseEjection, failing, findings) }),
  };
  return {
    ...(capped === undefined
      ? {}
      : {
          targetLimits: {
            maxRequests: numberWithin(Number(parameter(capped, 'max_conns')), maxRequests, capped, findings),
          },
        }),
    ...(Object.keys(detection).length === 0 ? {} : { outlierDetection: detection }),
  };
}

function parameter({ args }: Directive, name: string): string | undefined {
  return args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
}

export function attempt<T>(directive: Directive, findings: Findings, work: () => T[]): T[] {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NotCarried)) throw error;
    findings.add(
      directive.name === 'server' && directive.block === null ? 'to-do' : 'left-out',
      directive,
      error.message,
    );
    return [];
  }
}
