import type { FailureReason, ProbeOutcome } from '../../health/outcome.ts';
import { FieldBlocks } from '../grpc/field-block.ts';
import { FLAG, FRAME, SETTINGS_ACK, STREAM } from '../grpc/request.ts';
import type { AnswerReader } from './answer.ts';

/** Bytes of an answer, all of its frames included, after which the target is judged malformed. */
const LIMIT = 16 * 1024;
const HEAD = 9;
/** `ServingStatus` of grpc.health.v1, by number. */
const SERVING = 1;
const SERVING_STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
/** Names of the status codes that health services answer with. */
const GRPC_STATUS: Readonly<Record<number, string>> = {
  5: 'NOT_FOUND: it does not know the service',
  7: 'PERMISSION_DENIED',
  12: 'UNIMPLEMENTED: it has no health service',
  14: 'UNAVAILABLE',
  16: 'UNAUTHENTICATED',
};

const GOOD: ProbeOutcome = { kind: 'success', detail: 'the service says SERVING' };

/** The answer of a gRPC health service over HTTP/2: one message that says SERVING, and grpc-status 0 if any. */
export class GrpcAnswer implements AnswerReader {
  readonly whole = false;
  readonly #blocks = new FieldBlocks();
  #bytes = Buffer.alloc(0);
  #total = 0;
  #settled = false;
  #owesAck = false;
  #block: Buffer[] = [];
  #blockEndsStream = false;
  #message = Buffer.alloc(0);
  #status: number | null = null;
  #grpcStatus: number | null = null;

  reset(): void {
    this.#blocks.reset();
    this.#bytes = Buffer.alloc(0);
    this.#total = 0;
    this.#settled = false;
    this.#owesAck = false;
    this.#block = [];
    this.#message = Buffer.alloc(0);
    this.#status = null;
    this.#grpcStatus = null;
  }

  read(bytes: Uint8Array, start: number, end: number): ProbeOutcome | null {
    this.#total += end - start;
    if (this.#total > LIMIT) return malformed(`answer longer than ${LIMIT} bytes`);
    this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(start, end)]);
    // An HTTP/1 server answers the preface with 400: nothing that begins so is a SETTINGS frame (RFC 9113 section 3.4).
    if (!this.#settled && this.#bytes.length > 3 && this.#bytes[3] !== FRAME.settings) {
      return malformed('the target does not speak HTTP/2');
    }
    while (this.#bytes.length >= HEAD) {
      const size = this.#bytes.readUIntBE(0, 3);
      if (size > LIMIT) return malformed(`frame of ${size} bytes`);
      if (this.#bytes.length < HEAD + size) return null;
      const [type, flags] = [this.#bytes[3] as number, this.#bytes[4] as number];
      const stream = this.#bytes.readUInt32BE(5) & 0x7fffffff;
      const payload = this.#bytes.subarray(HEAD, HEAD + size);
      this.#bytes = this.#bytes.subarray(HEAD + size);
      const verdict = this.#frame(type, flags, stream, payload);
      if (verdict !== null) return verdict;
    }
    return null;
  }

  reply(): Uint8Array | null {
    if (!this.#owesAck) return null;
    this.#owesAck = false;
    return SETTINGS_ACK;
  }

  ended(): null {
    return null;
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): ProbeOutcome | null {
    switch (type) {
      case FRAME.settings:
        this.#settled = true;
        if ((flags & FLAG.ack) === 0) this.#owesAck = true;
        return null;
      case FRAME.goAway:
        return failure(
          'RECEIVE_RESPONSE_FAILED',
          `GOAWAY, error ${payload.length >= 8 ? payload.readUInt32BE(4) : '?'}`,
        );
      case FRAME.reset:
        if (stream !== STREAM) return null;
        return failure(
          'RECEIVE_RESPONSE_FAILED',
          `the stream was reset, error ${payload.length >= 4 ? payload.readUInt32BE(0) : '?'}`,
        );
      case FRAME.headers:
      case FRAME.continuation:
        return stream === STREAM ? this.#fields(type, flags, payload) : null;
      case FRAME.data:
        if (stream !== STREAM) return null;
        this.#message = Buffer.concat([this.#message, unpadded(flags, payload, false)]);
        return (flags & FLAG.endStream) === 0 ? null : this.#judge();
      default:
        return null;
    }
  }

  #fields(type: number, flags: number, payload: Buffer): ProbeOutcome | null {
    if (type === FRAME.headers) {
      this.#blockEndsStream = (flags & FLAG.endStream) !== 0;
      this.#block = [unpadded(flags, payload, true)];
    } else this.#block.push(payload);
    if ((flags & FLAG.endHeaders) === 0) return null;
    const found = this.#blocks.read(Buffer.concat(this.#block));
    if (found === null) return malformed('malformed header fields');
    this.#status ??= found.status;
    this.#grpcStatus ??= found.grpcStatus;
    return this.#blockEndsStream ? this.#judge() : null;
  }

  #judge(): ProbeOutcome {
    if (this.#status !== null && this.#status !== 200) {
      return failure('HTTP_CODE_MISMATCH', `status ${this.#status} where gRPC answers 200`);
    }
    const code = this.#grpcStatus;
    if (code !== null && code !== 0) {
      return failure('GRPC_NOT_SERVING', `grpc-status ${code}${code in GRPC_STATUS ? ` ${GRPC_STATUS[code]}` : ''}`);
    }
    const serving = servingStatus(this.#message);
    if (serving === null) return malformed('no HealthCheckResponse in the answer');
    if (serving === SERVING) return GOOD;
    return failure('GRPC_NOT_SERVING', `the service says ${SERVING_STATUS[serving] ?? serving}`);
  }
}

/** Field 1 of the HealthCheckResponse in a gRPC message; null: it is none, or compressed. An absent field is 0. */
function servingStatus(message: Buffer): number | null {
  if (message.length < 5 || message[0] !== 0) return null;
  const size = message.readUInt32BE(1);
  if (size > message.length - 5) return null;
  if (size === 0) return 0;
  const [tag, value] = [message[5], message[6]];
  return size >= 2 && tag === 0x08 && value !== undefined && value < 0x80 ? value : null;
}

function unpadded(flags: number, payload: Buffer, prioritised: boolean): Buffer {
  const padded = (flags & FLAG.padded) !== 0;
  const start = (padded ? 1 : 0) + (prioritised && (flags & FLAG.priority) !== 0 ? 5 : 0);
  return payload.subarray(start, payload.length - (padded ? (payload[0] ?? 0) : 0));
}

function malformed(detail: string): ProbeOutcome {
  return failure('RESPONSE_FORMAT_ERROR', detail);
}

function failure(reason: FailureReason, detail: string): ProbeOutcome {
  return { kind: 'failure', reason, detail };
}
