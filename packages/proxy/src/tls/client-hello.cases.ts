/** ClientHello messages for tests, built by hand. */

export interface HelloOptions {
  readonly serverName?: string;
  readonly protocols?: readonly string[];
  readonly versions?: readonly number[];
  readonly legacyVersion?: number;
  readonly suites?: readonly number[];
  /** Extensions as they are, in front of the others. */
  readonly extensions?: readonly Uint8Array[];
  /** Bytes of handshake in each record; default: all in one. */
  readonly recordSize?: number;
}

/** Records with a ClientHello that asks for what is said. */
export function clientHello(options: HelloOptions = {}): Buffer {
  const { serverName, protocols, versions = [0x0304, 0x0303], legacyVersion = 0x0303, extensions = [] } = options;
  const { suites = [0x1301, 0xc02f] } = options;
  const list = [...extensions];
  if (serverName !== undefined)
    list.push(extension(0, vector(2, Buffer.of(0), vector(2, Buffer.from(serverName, 'latin1')))));
  if (protocols !== undefined) {
    list.push(extension(16, vector(2, ...protocols.map((protocol) => vector(1, Buffer.from(protocol, 'latin1'))))));
  }
  if (versions.length > 0) list.push(extension(43, vector(1, ...versions.map((version) => number(2, version)))));
  const body = Buffer.concat([
    number(2, legacyVersion),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 9)),
    vector(2, ...suites.map((suite) => number(2, suite))),
    vector(1, Buffer.of(0)),
    ...(list.length > 0 ? [vector(2, ...list)] : []),
  ]);
  return records(Buffer.concat([Buffer.of(1), vector(3, body)]), options.recordSize);
}

/** A handshake message as records of at most `size` bytes each. */
export function records(message: Buffer, size = message.length): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    parts.push(Buffer.of(22, 3, 1), vector(2, message.subarray(at, at + size)));
  }
  return Buffer.concat(parts);
}

export function extension(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([number(2, type), vector(2, content)]);
}

/** Contents with their length in `size` bytes in front. */
export function vector(size: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([number(size, content.length), content]);
}

/** An extension with a list of numbers: 10 has groups, 13 signature algorithms. */
export function listExtension(type: 10 | 13, values: readonly number[]): Buffer {
  return extension(type, vector(2, ...values.map((value) => number(2, value))));
}

/** What a server of TLS 1.3 or 1.2 needs to go on: groups, signature algorithms and a key share of x25519. */
export function negotiable(): Buffer[] {
  const share = Buffer.concat([number(2, 0x001d), vector(2, Buffer.alloc(32, 9))]);
  return [
    listExtension(10, [0x001d, 0x0017]),
    listExtension(13, [0x0403, 0x0804, 0x0401]),
    extension(51, vector(2, share)),
  ];
}

function number(size: number, value: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}
