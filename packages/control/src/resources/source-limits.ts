import { transportsOf } from '@evenkeel/model/plan/network.ts';
import type { ListenerProtocol } from '@evenkeel/model/resources/listener.ts';
import type { ListenerLimits } from '@evenkeel/model/resources/listener-limits.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import { refuseField } from '../problem.ts';

type Given = { readonly [Name in keyof ListenerLimits]?: ListenerLimits[Name] | undefined };

const BURSTS = {
  sourceConnectionsBurst: 'sourceConnectionsPerSecond',
  sourceRequestsBurst: 'sourceRequestsPerSecond',
  sourcePacketsBurst: 'sourcePacketsPerSecond',
  synCalm: 'synAlarm',
} as const;

/**
 * Refuses limits of sources, and thresholds for floods, that would do nothing: whoever asks for them would believe
 * otherwise. `before` is what the listener has; `at` is the pointer to the listener.
 */
export function checkSourceLimits(
  type: LoadBalancer['type'],
  protocol: ListenerProtocol,
  given: Given,
  before: Given,
  at: string,
): void {
  const refuse = (name: keyof ListenerLimits, reason: string): never =>
    refuseField('validation-failed', `${at}/limits/${name}`, reason);
  const whole: Given = { ...before, ...given };
  for (const name of ['sourcePacketsPerSecond', 'sourcePacketsBurst', 'synAlarm', 'synCalm'] as const) {
    if (given[name] != null && type !== 'network') refuse(name, 'is for network load balancers');
  }
  for (const name of ['synAlarm', 'synCalm'] as const) {
    if (given[name] != null && !transportsOf({ protocol }).tcp) refuse(name, `is for TCP, not for ${protocol}`);
  }
  for (const [name, rate] of Object.entries(BURSTS) as [keyof typeof BURSTS, keyof ListenerLimits][]) {
    if (given[name] != null && whole[rate] == null) refuse(name, `means nothing without ${rate}`);
  }
  const { synAlarm, synCalm } = whole;
  if (synAlarm != null && synCalm != null && synCalm > synAlarm) {
    const changed = given.synCalm != null ? 'synCalm' : 'synAlarm';
    refuse(changed, `an alarm at ${synAlarm} that ends below ${synCalm} would end while it begins`);
  }
}
