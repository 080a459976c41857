import { proxyMiddle } from '../src/simulation/proxy-middle.ts';
import { testSeeds } from '../src/simulation/seed-test.ts';
import { playTcp, tcpRun } from '../src/simulation/tcp/run.ts';

const MOST_ORIGINS = 3;

testSeeds('packages/testbed/test/simulation-tcp.test.ts', 0, 600, (seed, trace) =>
  playTcp(seed, tcpRun(seed, proxyMiddle('tcp', seed % 3 === 1), 1 + (seed % MOST_ORIGINS)), trace),
);
