import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import { malformedRequests } from './malformed.ts';
import type {
  BodyPlan,
  ClientFault,
  ClientPlan,
  HttpScenario,
  Method,
  OriginFault,
  OriginPlan,
  RequestPlan,
  ResponsePlan,
} from './plan.ts';

/** What a scenario may contain. */
export interface ScenarioBounds {
  /** Nothing is broken on purpose. */
  readonly strict: boolean;
  /** Something stands between that understands HTTP: it has to put up with bad requests, bad responses and races. */
  readonly proxied: boolean;
  readonly origins: number;
}

const NEVER = 10_000_000;

/** Draws who asks what of whom. */
export function drawHttpScenario(random: Random, bounds: ScenarioBounds): HttpScenario {
  const races = bounds.proxied && random.chance(0.3);
  const origins = Array.from({ length: bounds.origins }, (_, index) => drawOrigin(random, index, races));
  const clients = Array.from({ length: random.between(1, 5) }, (_, index) => drawClient(random, index, bounds, races));
  const stopsAfter = bounds.proxied && bounds.strict && random.chance(0.1) ? random.below(2500) : null;
  return { clients, origins, strict: bounds.strict, stopsAfter };
}

function drawOrigin(random: Random, index: number, races: boolean): OriginPlan {
  return {
    label: `origin-${index}`,
    address: `10.2.0.${index + 1}`,
    port: 8080,
    idleTimeout: races ? random.pick([50, 300, NEVER]) : NEVER,
    readPause: random.pick([0, 0, 0, 20]),
  };
}

function drawClient(random: Random, index: number, bounds: ScenarioBounds, races: boolean): ClientPlan {
  const requests: RequestPlan[] = [];
  const count = random.between(1, 6);
  const pipeline = random.pick([1, 1, 2, 5]);
  for (let i = 0; i < count; i++) {
    const request = drawRequest(random, `c${index}-${i}`, bounds, races);
    requests.push(request);
    if (request.connection === 'close' && request.malformed === null && bounds.proxied && random.chance(0.3)) {
      requests.push({ ...drawRequest(random, `c${index}-${i}-ghost`, bounds, false), malformed: null, ghost: true });
    }
  }
  return {
    label: `client-${index}`,
    address: `10.1.0.${index + 1}`,
    startsAfter: random.pick([0, 1, random.between(0, 500)]),
    requests,
    pipeline,
    think: random.pick([0, 0, 5, 45, 60, 290, 2000]),
    stays: bounds.proxied && random.chance(0.2),
    halfCloses: random.chance(0.2),
    readPause: random.pick([0, 0, 0, 0, 3, 30]),
    fault: bounds.strict || random.chance(0.6) ? null : drawClientFault(random, requests.length),
  };
}

function drawClientFault(random: Random, requests: number): ClientFault {
  return {
    kind: random.pick(['abort', 'end', 'stall'] as const),
    request: random.below(requests),
    after: random.pick([0, random.below(100), random.below(5000)]),
  };
}

function drawRequest(random: Random, id: string, bounds: ScenarioBounds, races: boolean): RequestPlan {
  const method = random.pick<Method>(['GET', 'GET', 'GET', 'HEAD', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS']);
  const version = random.chance(0.15) ? '1.0' : '1.1';
  const body = drawRequestBody(random, method, version);
  const malformed = bounds.proxied && random.chance(0.06) ? random.pick(malformedRequests(id)) : null;
  return {
    id,
    method,
    version,
    connection: random.pick([null, null, null, null, bounds.proxied ? 'keep-alive' : null, 'close'] as const),
    headers: drawHeaders(random),
    hopHeader: random.chance(0.1),
    absoluteForm: bounds.proxied && version === '1.1' && random.chance(0.1),
    forwardedFor: bounds.proxied && random.chance(0.15) ? random.pick(['192.0.2.7', '192.0.2.7, 2001:db8::1']) : null,
    upgrade: bounds.proxied && version === '1.1' && random.chance(0.05),
    emptyLine: bounds.proxied && random.chance(0.05),
    body,
    expectContinue: version === '1.1' && body.framing !== 'none' && random.chance(0.25),
    delay: random.pick([0, 0, 0, 3, 60]),
    pause: random.pick([0, 0, 0, 2, 200]),
    ghost: false,
    malformed,
    response: drawResponse(random, bounds, races, body.framing !== 'none'),
  };
}

function drawRequestBody(random: Random, method: Method, version: '1.0' | '1.1'): BodyPlan {
  const mayHave = method === 'POST' || method === 'PUT' || (method === 'DELETE' && random.chance(0.3));
  if (!mayHave) return { framing: 'none' };
  if (version === '1.1' && random.chance(0.5)) return drawChunks(random);
  return { framing: 'length', length: drawLength(random) };
}

function drawResponse(random: Random, bounds: ScenarioBounds, races: boolean, hasRequestBody: boolean): ResponsePlan {
  const status = random.pick([200, 200, 200, 200, 201, 204, 304, 404, 500]);
  const body = drawResponseBody(random);
  const early = hasRequestBody && random.chance(0.15);
  const ending = random.pick(['keep', 'keep', 'keep', 'keep', 'announced', races ? 'silent' : 'keep'] as const);
  return {
    status: bounds.strict && status >= 400 ? 200 : status,
    interim: random.chance(0.1) ? random.pick([[103], [102, 103], [103, 103, 103]]) : [],
    body,
    delay: random.pick([0, 0, 0, 1, 30, 700]),
    pause: random.pick([0, 0, 0, 1, 100]),
    early,
    // Closing under a body that is still coming resets the answer: no race but a fault.
    ending: early && ending === 'silent' ? 'keep' : ending,
    headers: random.chance(0.2) ? [['X-Long', 'y'.repeat(random.below(6000))]] : [],
    fault: bounds.strict || random.chance(0.8) ? null : drawOriginFault(random, bounds, body),
  };
}

function drawResponseBody(random: Random): BodyPlan {
  const drawn = random.below(10);
  if (drawn < 4) return { framing: 'length', length: drawLength(random) };
  if (drawn < 8) return drawChunks(random);
  return { framing: 'close', length: drawLength(random) };
}

function drawOriginFault(random: Random, bounds: ScenarioBounds, body: BodyPlan): OriginFault {
  // An early FIN in a body that FIN ends anyway is nothing that anybody could notice.
  const end = body.framing === 'close' ? 'reset' : 'end';
  return {
    kind: random.pick(['reset', end, 'stall', bounds.proxied ? 'garbage' : 'reset'] as const),
    after: random.pick([0, random.below(200), random.below(8000)]),
  };
}

function drawHeaders(random: Random): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = [];
  if (random.chance(0.5)) headers.push(['User-Agent', 'testbed/1.0 (simulated; en-GB)'], ['Accept', '*/*']);
  if (random.chance(0.3)) headers.push(['Cookie', `session=${random.uint32()}; theme=dark`]);
  if (random.chance(0.1)) headers.push(['X-Long', 'x'.repeat(random.below(8000))]);
  return headers;
}

function drawLength(random: Random): number {
  const drawn = random.below(20);
  if (drawn < 3) return 0;
  if (drawn < 12) return random.between(1, 100);
  if (drawn < 18) return random.between(100, 5000);
  return random.between(5000, 70_000);
}

function drawChunks(random: Random): BodyPlan {
  const chunks: number[] = [];
  for (let left = drawLength(random); left > 0; ) {
    const size = Math.min(left, random.pick([1, 15, 16, 17, random.between(1, 1000), 20_000]), left);
    // At most some hundred chunks, or tiny ones would fill the run.
    chunks.push(Math.max(size, Math.min(left, left >> 6)));
    left -= chunks.at(-1) as number;
  }
  return { framing: 'chunked', chunks, extensions: random.chance(0.2), trailers: random.chance(0.2) };
}
