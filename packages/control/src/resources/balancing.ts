import { HASH, REBALANCE, TARGET_LIMITS, ZONE } from '@evenkeel/model/limits.ts';
import type { Algorithm, ServiceProtocol } from '@evenkeel/model/plan/objects.ts';
import type { BackendServicePatch } from '@evenkeel/model/resources/backend-service.ts';
import type { Hash, Rebalance, TargetLimits, ZonePolicy } from '@evenkeel/model/resources/balancing.ts';
import { refuseField } from '../problem.ts';

/** How a backend service spreads its clients, beside the algorithm. */
export interface Balancing {
  readonly hash: Hash;
  readonly targetLimits: TargetLimits;
  readonly zone: ZonePolicy;
  readonly rebalance: Rebalance;
}

/** The balancing of a new backend service that says nothing about it. */
export const PLAIN_BALANCING: Balancing = {
  hash: { key: 'uri', name: '', loadFactor: HASH.loadFactor.default },
  targetLimits: {
    maxConnections: TARGET_LIMITS.maxConnections.default,
    maxRequests: TARGET_LIMITS.maxRequests.default,
    queueSize: TARGET_LIMITS.queueSize.default,
    queueTimeout: TARGET_LIMITS.queueTimeout.default,
  },
  zone: { preference: 'none', threshold: ZONE.threshold.default },
  rebalance: { enabled: false, rate: REBALANCE.rate.default, minimumAge: REBALANCE.minimumAge.default },
};

interface Owner {
  readonly protocol: ServiceProtocol;
  readonly algorithm: Algorithm;
}

/**
 * The balancing with the given fields changed. `service` is the owner as it will be; `at` is the pointer to it. Checked
 * again when only the algorithm changes.
 */
export function changeBalancing(
  current: Balancing,
  patch: Pick<BackendServicePatch, keyof Balancing>,
  service: Owner,
  at: string,
): Balancing {
  const hash = changeHash(current.hash, patch.hash, service, at);
  return {
    hash,
    targetLimits: { ...current.targetLimits, ...patch.targetLimits },
    zone: { ...current.zone, ...patch.zone },
    rebalance: { ...current.rebalance, ...patch.rebalance },
  };
}

function changeHash(current: Hash, patch: Partial<Hash> | undefined, service: Owner, at: string): Hash {
  const changed = { ...current, ...patch };
  // A name that was given for one key means nothing to another.
  if (changed.key !== current.key && patch?.name === undefined) changed.name = '';
  const { key, loadFactor } = changed;
  if (loadFactor > 0 && loadFactor < 100) {
    const reason = `${loadFactor} percent of the fair shares are less than there is to carry: 0 for no bound, or 100 and more`;
    refuseField('validation-failed', `${at}/hash/loadFactor`, reason);
  }
  if (key === 'header') changed.name = changed.name.toLowerCase();
  const named = key === 'header' || key === 'cookie';
  if (!named && changed.name !== '') {
    refuseField('validation-failed', `${at}/hash/name`, `the key ${key} has no name`, ['']);
  }
  if (service.algorithm !== 'hash') return changed;
  if (service.protocol !== 'http') {
    const reason = `${service.protocol} has no requests to choose by`;
    const allowed = ['round-robin', 'least-connections', 'source-ip', 'power-of-two', 'peak-ewma'];
    refuseField('validation-failed', `${at}/algorithm`, reason, allowed);
  }
  if (named && changed.name === '') {
    refuseField('validation-failed', `${at}/hash/name`, `is missing: name the ${key} to choose by`);
  }
  return changed;
}
