import type { ClientPlan, OriginPlan, RequestPlan, ResponsePlan } from './plan.ts';

/** 200 with a short body on a connection that is kept. */
export const PLAIN_RESPONSE: ResponsePlan = {
  status: 200,
  interim: [],
  body: { framing: 'length', length: 20 },
  delay: 0,
  pause: 0,
  early: false,
  ending: 'keep',
  headers: [],
  fault: null,
};

const PLAIN_REQUEST: Omit<RequestPlan, 'id'> = {
  method: 'GET',
  version: '1.1',
  connection: null,
  headers: [],
  hopHeader: false,
  absoluteForm: false,
  forwardedFor: null,
  upgrade: false,
  emptyLine: false,
  body: { framing: 'none' },
  expectContinue: false,
  delay: 0,
  pause: 0,
  ghost: false,
  response: PLAIN_RESPONSE,
  malformed: null,
};

/** A GET for `PLAIN_RESPONSE`, but for what is said otherwise. */
export function requestPlan(id: string, otherwise: Partial<RequestPlan> = {}): RequestPlan {
  return { ...PLAIN_REQUEST, id, ...otherwise };
}

/** A client that sends one request after the other and leaves. */
export function clientPlan(requests: readonly RequestPlan[], otherwise: Partial<ClientPlan> = {}): ClientPlan {
  return {
    label: 'client-0',
    address: '10.1.0.1',
    startsAfter: 0,
    requests,
    pipeline: 1,
    think: 0,
    stays: false,
    halfCloses: false,
    readPause: 0,
    fault: null,
    ...otherwise,
  };
}

/** An origin that reads at once and never closes by itself. */
export function originPlan(otherwise: Partial<OriginPlan> = {}): OriginPlan {
  return { label: 'origin-0', address: '10.2.0.1', port: 8080, idleTimeout: 10_000_000, readPause: 0, ...otherwise };
}
