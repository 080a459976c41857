import { HEALTH_CHECK } from '@evenkeel/model/limits.ts';
import { fromHex, unescapeBytes } from '@evenkeel/model/plan/escaped-bytes.ts';
import type { ServiceProtocol } from '@evenkeel/model/plan/objects.ts';
import type { HealthCheck, HealthCheckPatch } from '@evenkeel/model/resources/health-check.ts';
import type { TargetTls } from '@evenkeel/model/resources/target-tls.ts';
import { refuseField } from '../problem.ts';

/** The health check of a new backend service that says nothing about it. */
export function defaultHealthCheck(protocol: ServiceProtocol): HealthCheck {
  return {
    enabled: true,
    protocol: protocol === 'tcp-udp' ? 'tcp' : protocol,
    port: null,
    interval: HEALTH_CHECK.interval.default,
    timeout: HEALTH_CHECK.timeout.default,
    rise: HEALTH_CHECK.rise.default,
    fall: HEALTH_CHECK.fall.default,
    method: 'GET',
    path: '/',
    host: '',
    httpVersion: '1.0',
    codes: [...HEALTH_CHECK.codes.default],
    ...UNSAID,
  };
}

/** What checks have of settings that say nothing. */
const UNSAID = {
  send: '',
  expect: '',
  payloadFormat: 'text',
  grpcService: '',
  checksPerConnection: HEALTH_CHECK.checksPerConnection.default,
  tlsVerify: 'auto',
  serverName: '',
} as const satisfies Partial<HealthCheck>;

/** Protocols that send and expect what the check says. */
const WITH_PAYLOAD: readonly HealthCheck['protocol'][] = ['tcp', 'tls', 'udp'];
const WITH_GRPC: readonly HealthCheck['protocol'][] = ['grpc', 'grpcs'];

/** The health check with the given fields changed. `tls`: that of the service to its targets. `at` is the pointer. */
export function changeHealthCheck(
  current: HealthCheck,
  patch: HealthCheckPatch | undefined,
  tls: TargetTls,
  at: string,
): HealthCheck {
  const changed = { ...current, ...patch };
  if (changed.tlsVerify === 'on' && tls.authorityId === null) {
    const reason = 'the service names no authority that certificates could be judged by: set its tls/authorityId';
    refuseField('validation-failed', `${at}/tlsVerify`, reason, ['auto', 'off']);
  }
  if (patch === undefined) return current;
  for (const [i, text] of (patch.codes ?? []).entries()) {
    const [low, high] = statusRange(text);
    if (low > high) refuseField('validation-failed', `${at}/codes/${i}`, `${text} ends before it begins`);
  }
  checkPayload(changed, patch, at);
  const isKept = changed.checksPerConnection > 1;
  if (isKept && !(changed.protocol.startsWith('http') && changed.httpVersion === '1.1')) {
    const reason = 'more than one needs a check by http or https with httpVersion 1.1';
    refuseField('validation-failed', `${at}/checksPerConnection`, reason, 1);
  }
  if (patch.grpcService && !WITH_GRPC.includes(changed.protocol)) {
    refuseField('validation-failed', `${at}/grpcService`, `is for grpc, and the check is by ${changed.protocol}`, '');
  }
  return changed;
}

function checkPayload(check: HealthCheck, patch: HealthCheckPatch, at: string): void {
  for (const field of ['send', 'expect'] as const) {
    if (patch[field] && !WITH_PAYLOAD.includes(check.protocol)) {
      const reason = `is for ${WITH_PAYLOAD.join(', ')}, and the check is by ${check.protocol}`;
      refuseField('validation-failed', `${at}/${field}`, reason, '');
    }
    const bytes = payloadBytes(check[field], check.payloadFormat);
    if (bytes === null) {
      const [reason, allowed] = FORMS[check.payloadFormat];
      refuseField('validation-failed', `${at}/${field}`, reason, allowed);
    }
    if (bytes.length > HEALTH_CHECK.payloadLength) {
      const reason = `is ${bytes.length} bytes long; ${HEALTH_CHECK.payloadLength} are allowed`;
      refuseField('validation-failed', `${at}/${field}`, reason, HEALTH_CHECK.payloadLength);
    }
  }
}

const FORMS = {
  text: ['has a backslash that begins nothing known', '\\r, \\n, \\t, \\\\ or \\x with two hexadecimal digits'],
  hex: ['is not made of pairs of hexadecimal digits', '50494e47 0d0a'],
} as const;

/** The bytes that a text stands for; null: it is not of the format. */
export function payloadBytes(text: string, format: HealthCheck['payloadFormat']): Uint8Array | null {
  return format === 'hex' ? fromHex(text) : unescapeBytes(text);
}

/** First and last status code of `2xx`, `204` or `200-299`. */
export function statusRange(text: string): [number, number] {
  if (text.endsWith('xx')) {
    const hundred = Number(text[0]) * 100;
    return [hundred, hundred + 99];
  }
  const [low, high] = text.split('-');
  return [Number(low), Number(high ?? low)];
}
