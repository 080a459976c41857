import type { Algorithm } from '@evenkeel/model/plan/objects.ts';
import type { EngineService, EngineTarget } from '../engine/engine.ts';

/** For tests: mulberry32, equal numbers for an equal seed. 0 <= value < 1. */
export function seededRandom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** For tests: targets by weight, named and addressed by their place. */
export function targetsOf(weights: readonly number[]): EngineTarget[] {
  return weights.map((weight, index) => ({
    id: `t${index}`,
    address: `10.0.${index >> 8}.${index & 255}`,
    port: 8080,
    weight,
    eligible: true,
  }));
}

/** For tests: a service with these targets. */
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
    },
    targets,
  };
}
