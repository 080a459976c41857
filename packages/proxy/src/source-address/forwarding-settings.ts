import { PLAIN_HTTP, type PlannedForwarding } from '@evenkeel/model/plan/http.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { Field } from '../http1/field-names.ts';

/** The fields by which proxies tell of clients: bits by code. What somebody without trust says in them does not go on. */
export const FORWARDED_BITS =
  (1 << Field.forwardedFor) |
  (1 << Field.forwardedProto) |
  (1 << Field.forwardedPort) |
  (1 << Field.forwardedHost) |
  (1 << Field.forwardedBalancer) |
  (1 << Field.forwardedClientPort) |
  (1 << Field.forwarded);

/** `PlannedForwarding` with what a listener knows by itself. */
export interface ForwardingSettings extends PlannedForwarding {
  /** What the client speaks: `http` or `https`. */
  readonly scheme: string;
  /** There are fields beside X-Forwarded-For that say the same in each request. */
  readonly tellsMore: boolean;
  /** A field says what the request's Host says. */
  readonly tellsHost: boolean;
}

export function forwardingSettingsOf(planned: PlannedListener): ForwardingSettings {
  const forwarding = (planned.http ?? PLAIN_HTTP).forwarding;
  return {
    ...forwarding,
    scheme: planned.protocol === 'https' || planned.protocol === 'tls' ? 'https' : 'http',
    tellsMore: forwarding.protocol || forwarding.port || forwarding.loadBalancerAddress || forwarding.clientPort,
    tellsHost: forwarding.host || forwarding.standard,
  };
}
