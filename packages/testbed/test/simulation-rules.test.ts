import { playHttp } from '../src/simulation/http/run.ts';
import { httpRun } from '../src/simulation/http/seeds.ts';
import { proxyMiddle } from '../src/simulation/proxy-middle.ts';
import { testSeeds } from '../src/simulation/seed-test.ts';

const MOST_ORIGINS = 3;

testSeeds('packages/testbed/test/simulation-rules.test.ts', 40_000, 300, (seed, trace) =>
  playHttp(seed, httpRun(seed, proxyMiddle('http', seed % 3 === 1, true), 1 + (seed % MOST_ORIGINS), true), trace),
);
