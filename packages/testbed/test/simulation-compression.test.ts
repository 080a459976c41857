import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import type { RequestPlan } from '../src/simulation/http/plan.ts';
import { playHttp } from '../src/simulation/http/run.ts';
import { httpRun } from '../src/simulation/http/seeds.ts';
import { proxyMiddle } from '../src/simulation/proxy-middle.ts';
import { testSeeds } from '../src/simulation/seed-test.ts';

const HTTP = { ...PLAIN_HTTP, compression: true };

/** A request that accepts gzip, and an answer that may be compressed; every third one as it was. */
function compressible(request: RequestPlan, index: number): RequestPlan {
  if (index % 3 === 0 || request.malformed !== null) return request;
  const { response } = request;
  return {
    ...request,
    headers: [...request.headers, ['Accept-Encoding', 'gzip, deflate']],
    response: { ...response, headers: [...response.headers, ['Content-Type', 'text/plain']] },
  };
}

/** The requests of HTTP, answered with compression. What is compressed hangs on real time; what comes out must not. */
testSeeds('packages/testbed/test/simulation-compression.test.ts', 50_000, 300, (seed, trace) => {
  const run = httpRun(seed, proxyMiddle('http', seed % 3 === 1, false, {}, { http: HTTP }), 1 + (seed % 3), true);
  const clients = run.scenario.clients.map((client) => ({ ...client, requests: client.requests.map(compressible) }));
  return playHttp(seed, { ...run, scenario: { ...run.scenario, clients } }, trace);
});
