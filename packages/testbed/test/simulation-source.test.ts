import { playHttp } from '../src/simulation/http/run.ts';
import { httpRun } from '../src/simulation/http/seeds.ts';
import { proxyMiddle } from '../src/simulation/proxy-middle.ts';
import { testSeeds } from '../src/simulation/seed-test.ts';

/** Ways in which connections to targets tell of one client: no request of another one may ever be on them. */
const WAYS = [
  { told: 'proxy-header', service: { proxyProtocol: 1 } },
  { told: 'proxy-header', service: { proxyProtocol: 2 } },
  { told: 'source-address', service: { transparent: true } },
] as const;

testSeeds('packages/testbed/test/simulation-source.test.ts', 0, 300, (seed, trace) => {
  const { told, service } = WAYS[seed % WAYS.length]!;
  const middle = proxyMiddle('http', seed % 4 === 1, false, service);
  return playHttp(seed, { ...httpRun(seed, middle, 1 + (seed % 2), true), told }, trace);
});
