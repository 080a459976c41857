import { toHex } from '@evenkeel/model/plan/escaped-bytes.ts';
import type { CheckProtocol, PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import { type PlannedTargetTls, TLS_VERSIONS } from '@evenkeel/model/plan/tls.ts';
import type { HealthCheck } from '@evenkeel/model/resources/health-check.ts';
import { payloadBytes, statusRange } from '../resources/health-check.ts';
import type { BackendServiceRecord } from '../state/records.ts';

type Service = Pick<BackendServiceRecord, 'tls'>;

/** The health check of a service: everything resolved, times in milliseconds. */
export function planHealthCheck(check: HealthCheck, service: Service): PlannedHealthCheck {
  return {
    protocol: spokenBy(check, service),
    port: check.port ?? 0,
    interval: check.interval * 1_000,
    timeout: check.timeout * 1_000,
    rise: check.rise,
    fall: check.fall,
    method: check.method,
    path: check.path,
    host: check.host,
    httpVersion: check.httpVersion,
    statusRanges: check.codes.map(statusRange),
    send: hexadecimal(check.send, check),
    expect: hexadecimal(check.expect, check),
    grpcService: check.grpcService,
    checksPerConnection: check.checksPerConnection,
    tls: planProbeTls(check, service),
  };
}

/** How probes speak TLS; null when they do not. */
export function planProbeTls(check: HealthCheck, service: Service): PlannedTargetTls | null {
  if (!check.enabled || !isSecure(spokenBy(check, service))) return null;
  const { tls } = service;
  const verifies = check.tlsVerify === 'on' || (check.tlsVerify === 'auto' && tls.enabled && tls.verify);
  const serverName = check.serverName || tls.serverName || nameOf(check.host);
  return { authorityId: verifies ? tls.authorityId : null, serverName, versions: TLS_VERSIONS };
}

/** Where traffic goes by TLS, so do probes of its port. */
function spokenBy({ protocol, port }: HealthCheck, { tls }: Service): CheckProtocol {
  if (!tls.enabled || port !== null) return protocol;
  if (protocol === 'http') return 'https';
  return protocol === 'grpc' ? 'grpcs' : protocol;
}

function isSecure(protocol: CheckProtocol): boolean {
  return protocol === 'tls' || protocol === 'https' || protocol === 'grpcs';
}

/** The host of a Host header, without its port; empty for an address, which is not sent as SNI. */
function nameOf(host: string): string {
  const name = host.replace(/:[0-9]+$/, '');
  return /^[0-9.]*$/.test(name) || name.includes(':') || name.startsWith('[') ? '' : name.toLowerCase();
}

/** What the API let in can be written so. */
function hexadecimal(text: string, { payloadFormat }: HealthCheck): string {
  return toHex(payloadBytes(text, payloadFormat) ?? new Uint8Array(0));
}
