/**
 * The one request of a gRPC health probe (the gRPC Health Checking Protocol: `grpc.health.v1.Health/Check`), as the bytes
 * of an HTTP/2 client from its preface to the end of its stream. Header fields are literals without indexing, and not
 * Huffman-coded (RFC 7541 section 6.2.2), so nothing about them depends on the connection.
 */

export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, continuation: 9 } as const;
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
/** The stream of the request. */
export const STREAM = 1;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const PATH = '/grpc.health.v1.Health/Check';
/** Indexes of names in the static table (RFC 7541 appendix A). */
const NAME = { authority: 1, path: 4, contentType: 31, userAgent: 58 } as const;
/** Whole fields in the static table, with the bit that says so. */
const POST = 0x83;
const SCHEME = { http: 0x86, https: 0x87 } as const;
/** SETTINGS_ENABLE_PUSH, SETTINGS_INITIAL_WINDOW_SIZE and SETTINGS_HEADER_TABLE_SIZE. */
const SETTINGS = Buffer.from('000200000000' + '00040000ffff' + '000100000000', 'hex');

export const SETTINGS_ACK = frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0));

/** `service`: the name that the server is asked about; empty: the server as a whole. */
export function grpcRequest(service: string, authority: string, userAgent: string, secure: boolean): Uint8Array {
  const fields = Buffer.concat([
    Buffer.from([POST, secure ? SCHEME.https : SCHEME.http]),
    literal(NAME.path, PATH),
    literal(NAME.authority, authority),
    literal(NAME.contentType, 'application/grpc'),
    literal(NAME.userAgent, userAgent),
    Buffer.concat([Buffer.from([0]), text('te'), text('trailers')]),
  ]);
  return Buffer.concat([
    PREFACE,
    frame(FRAME.settings, 0, 0, SETTINGS),
    frame(FRAME.headers, FLAG.endHeaders, STREAM, fields),
    frame(FRAME.data, FLAG.endStream, STREAM, message(service)),
  ]);
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A HealthCheckRequest: field 1, the service, in a length-prefixed gRPC message that is not compressed. */
function message(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  const body = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function literal(name: number, value: string): Buffer {
  return Buffer.concat([prefixed(name, 0x0f), text(value)]);
}

/** A string that is not Huffman-coded. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([prefixed(bytes.length, 0x7f), bytes]);
}

/** An integer with a prefix of as many bits as `mask` has (RFC 7541 section 5.1). */
function prefixed(value: number, mask: number): Buffer {
  return value < mask ? Buffer.from([value]) : Buffer.concat([Buffer.from([mask]), varint(value - mask)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
