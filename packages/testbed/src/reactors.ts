import { withoutUring } from '@evenkeel/proxy/reactor/contract/available.ts';

/**
 * What to give as the `skip` of a test that runs on one of the real reactors: false when it can run here, else the
 * reason (containers often forbid io_uring).
 *
 * @example describe(`engine on ${reactor}`, { skip: requiresReactor(reactor) }, …)
 */
export function requiresReactor(name: 'uring' | 'portable'): false | string {
  return name === 'uring' && withoutUring;
}
