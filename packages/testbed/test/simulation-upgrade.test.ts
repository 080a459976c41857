import { proxyMiddle } from '../src/simulation/proxy-middle.ts';
import { testSeeds } from '../src/simulation/seed-test.ts';
import { playTcp, tcpRun } from '../src/simulation/tcp/run.ts';

const MOST_ORIGINS = 3;

/** The dialogues of TCP, each behind an HTTP request that switches to them. */
testSeeds('packages/testbed/test/simulation-upgrade.test.ts', 20_000, 400, (seed, trace) => {
  const run = tcpRun(seed, proxyMiddle('http', seed % 3 === 1), 1 + (seed % MOST_ORIGINS));
  return playTcp(seed, { ...run, upgrades: true }, trace);
});
