import type { Algorithm } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_SERVICE } from '@evenkeel/model/plan/plain.ts';
import type { EngineService, EngineTarget } from '../src/engine/engine.ts';

/** Targets by weight, named and addressed by their place. */
export function targetsOf(weights: readonly number[]): EngineTarget[] {
  return weights.map((weight, index) => ({
    id: `t${index}`,
    address: `10.0.${index >> 8}.${index & 255}`,
    port: 8080,
    weight,
    state: 'active' as const,
    eligible: true,
  }));
}

/** A service with these targets. */
export function serviceOf(algorithm: Algorithm, targets: readonly EngineTarget[]): EngineService {
  return {
    service: {
      id: 'svc',
      name: 'svc',
      protocol: 'http',
      algorithm,
      groupId: 'grp',
      port: 80,
      healthCheck: null,
      connectTimeout: 1_000,
      readTimeout: 1_000,
      drainTimeout: 1_000,
      ...PLAIN_SERVICE,
    },
    targets,
  };
}
