import { fromHex } from '@evenkeel/model/plan/escaped-bytes.ts';
import { LOCAL_V1, LOCAL_V2 } from '@evenkeel/proxy/source-address/proxy-protocol/compose.ts';
import { type ProbeTarget, silenceIsGood } from '../health/prober.ts';
import { NO_BYTES } from './answers/answer.ts';
import type { AnswerPool, AnswerPools } from './answers/answer-pool.ts';
import { grpcRequest } from './grpc/request.ts';

export const USER_AGENT = 'evenkeel-health-check';
/** What a UDP probe says that has nothing else to say. */
const UDP_PAYLOAD = Buffer.from('HEALTH CHECK', 'latin1');

/** What is said to a target once the way to it is open, and how its answer is read. Made once for all probes of it. */
export interface ProbeScript {
  readonly transport: 'tcp' | 'udp';
  /** ALPN name that is offered within TLS; empty: none. */
  readonly alpn: '' | 'http/1.1' | 'h2';
  /** In front of everything, TLS included: the header of the PROXY protocol. */
  readonly preamble: Uint8Array;
  readonly request: Uint8Array;
  /** Readers of the answer; null: the probe has succeeded when the connection is up, TLS included, and the request is sent. */
  readonly answers: AnswerPool | null;
  /** UDP: silence until the timeout is a success, too; only an error that comes back is none. */
  readonly silenceIsGood: boolean;
}

export function scriptFor(target: ProbeTarget, pools: AnswerPools): ProbeScript {
  const { check, proxyProtocol } = target;
  const preamble = proxyProtocol === 0 ? NO_BYTES : proxyProtocol === 1 ? LOCAL_V1 : LOCAL_V2;
  const plain = {
    transport: 'tcp',
    alpn: '',
    preamble,
    request: NO_BYTES,
    answers: null,
    silenceIsGood: false,
  } as const;
  const send = bytesOf(check.send);
  const expect = bytesOf(check.expect);
  const answers = pools.poolFor(check, expect);
  switch (check.protocol) {
    case 'tcp':
    case 'tls':
      return { ...plain, request: send, answers: expect.length === 0 ? null : answers };
    case 'udp': {
      const request = send.length === 0 ? UDP_PAYLOAD : send;
      return {
        ...plain,
        transport: 'udp',
        preamble: NO_BYTES,
        request,
        answers,
        silenceIsGood: silenceIsGood(check),
      };
    }
    case 'http':
    case 'https': {
      const request = Buffer.from(requestText(target), 'latin1');
      return {
        ...plain,
        alpn: 'http/1.1',
        request,
        answers,
      };
    }
    case 'grpc':
    case 'grpcs': {
      const secure = check.protocol === 'grpcs';
      const request = grpcRequest(check.grpcService, hostOf(target), USER_AGENT, secure);
      return { ...plain, alpn: 'h2', request, answers };
    }
  }
}

/** The bytes of the probe's request. Path and host hold visible ASCII only (see plan/entry-shape.ts). */
export function requestText(target: ProbeTarget): string {
  const { check } = target;
  return (
    `${check.method} ${check.path} HTTP/${check.httpVersion}\r\n` +
    `Host: ${hostOf(target)}\r\n` +
    `User-Agent: ${USER_AGENT}\r\nAccept: */*\r\nConnection: ${check.checksPerConnection > 1 ? 'keep-alive' : 'close'}\r\n\r\n`
  );
}

function hostOf({ address, port, check }: ProbeTarget): string {
  if (check.host !== '') return check.host;
  const host = address.includes(':') ? `[${address}]` : address;
  return port === (check.tls === null ? 80 : 443) ? host : `${host}:${port}`;
}

/** The plan holds hexadecimal digits alone. */
function bytesOf(hexadecimal: string): Uint8Array {
  return fromHex(hexadecimal) ?? NO_BYTES;
}
