import { HEALTH_CHECK } from '@evenkeel/model/limits.ts';
import type { HealthCheck, HealthCheckPatch } from '@evenkeel/model/resources/health-check.ts';
import { refuseField } from '../problem.ts';

/** The health check of a new backend service that says nothing about it. */
export function defaultHealthCheck(protocol: HealthCheck['protocol']): HealthCheck {
  return {
    enabled: true,
    protocol,
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
  };
}

/** The health check with the given fields changed. `at` is the pointer to them. */
export function changeHealthCheck(current: HealthCheck, patch: HealthCheckPatch | undefined, at: string): HealthCheck {
  if (patch === undefined) return current;
  for (const [i, text] of (patch.codes ?? []).entries()) {
    const [low, high] = statusRange(text);
    if (low > high) refuseField('validation-failed', `${at}/codes/${i}`, `${text} ends before it begins`);
  }
  return { ...current, ...patch };
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
