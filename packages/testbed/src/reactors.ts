import { createReactor } from '@evenkeel/proxy/reactor/choose.ts';

/** What a reactor of a moment needs. */
const BUFFERS = 64;

/**
 * What to give as the `skip` of a test that runs on one of the real reactors: false when it can run here, else the
 * reason (containers often forbid io_uring). With EVENKEEL_REQUIRE_ALL=1 it is always false.
 *
 * @example describe(`engine on ${reactor}`, { skip: requiresReactor(reactor) }, …)
 */
export function requiresReactor(name: 'uring' | 'portable'): false | string {
  if (name === 'portable' || process.env.EVENKEEL_REQUIRE_ALL === '1') return false;
  try {
    const { reactor } = createReactor(name, { buffers: BUFFERS });
    void reactor.destroy();
    return false;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
