import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { type FuzzTarget, latin1 } from '@evenkeel/testbed/fuzz/target.ts';
import { type ConnectionEnds, composeV1, composeV2 } from './compose.ts';
import { V1_MOST, V2_FIXED, V2_MOST, V2_SIGNATURE } from './format.ts';
import { INCOMPLETE, MALFORMED, ProxyHeaderReader } from './header-reader.ts';

const V4 = { remoteAddress: '192.0.2.7', remotePort: 40_123, localAddress: '127.77.0.1', localPort: 8080 };
const V6 = { remoteAddress: '2001:db8::7', remotePort: 1, localAddress: '::1', localPort: 65_535 };
const TLS = {
  version: 'TLSv1.2',
  cipher: 'ECDHE-RSA-AES128-GCM-SHA256',
  serverName: 'a.test',
  protocol: '',
  clientCertificate: false,
  resumed: false,
  commonName: '',
};

/**
 * The reading of PROXY headers: what it says does not depend on how it arrives nor on what lies around it, no verdict is
 * taken back, version 1 agrees with a regular expression, and what was understood can be said again.
 */
export const proxyHeaderFuzz: FuzzTarget = {
  name: 'proxy-header',
  seeds: [
    composeV1(V4),
    composeV1(V6),
    composeV2(V4, null),
    composeV2(V6, TLS),
    latin1('PROXY UNKNOWN\r\n'),
    latin1('PROXY UNKNOWN ffff::1\r\nGET / HTTP/1.1\r\n'),
    latin1('PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n'),
    Uint8Array.of(...V2_SIGNATURE, 0x20, 0, 0, 0),
  ],
  words: [
    'PROXY ',
    'TCP4 ',
    'TCP6 ',
    'UNKNOWN',
    '\r\n',
    '\n',
    ' ',
    '0',
    '65535',
    '::',
    '192.0.2.1',
    '\x00',
    '\x21',
    '\x11',
  ]
    .map(latin1)
    .concat([V2_SIGNATURE]),
  check: checkHeader,
};

const reader = new ProxyHeaderReader();

function checkHeader(input: Uint8Array): string {
  const length = reader.read(input, 0, input.length);
  const said = sayings(length);
  assert.ok(length >= MALFORMED && length <= input.length && length <= V2_MOST);
  const placed = new Uint8Array(input.length + 9).fill(0x50);
  placed.set(input, 4);
  assert.deepEqual(sayings(reader.read(placed, 4, 4 + input.length)), said, 'read at another place');
  let verdict = INCOMPLETE;
  for (let end = 0; end <= input.length; end++) {
    const now = reader.read(input, 0, end);
    if (verdict !== INCOMPLETE) assert.equal(now, verdict, `verdict on the first ${end} bytes`);
    verdict = now;
  }
  if (length === INCOMPLETE) assert.ok(input.length < V2_MOST, 'waits for more than it would take');
  if (input[0] === 0x50) checkV1(input, length);
  if (length > 0 && said.announced) checkAgain(said);
  return `${Math.min(length, 1)} ${said.announced} ${input[0] === 0x50 ? 1 : 2} ${said.family}`;
}

interface Sayings {
  readonly length: number;
  readonly announced: boolean;
  readonly family: number;
  readonly ends: ConnectionEnds;
}

/** What the reader has found in a header of this length. */
function sayings(length: number): Sayings {
  const { announced, source, destination, sourcePort, destinationPort } = reader;
  return {
    length,
    announced,
    family: announced ? source.family : 0,
    ends: {
      remoteAddress: announced ? `${source}` : '',
      remotePort: announced ? sourcePort : 0,
      localAddress: announced ? `${destination}` : '',
      localPort: announced ? destinationPort : 0,
    },
  };
}

/** An independent reading of version 1. */
function checkV1(input: Uint8Array, length: number): void {
  const text = Buffer.from(input).toString('latin1');
  const line = /^PROXY [^\n]*\r\n/.exec(text)?.[0] ?? '';
  const port = '(?:0|[1-9][0-9]{0,4})';
  const tcp = new RegExp(`^PROXY TCP([46]) ([^ ]+) ([^ ]+) (${port}) (${port})\\r\\n$`).exec(line);
  const address = tcp?.[1] === '4' ? isIPv4 : (word: string) => isIPv6(word) && !word.includes('%');
  const isTcp =
    tcp !== null && address(tcp[2]!) && address(tcp[3]!) && Number(tcp[4]) < 65_536 && Number(tcp[5]) < 65_536;
  const good = line.length > 0 && line.length <= V1_MOST && (isTcp || /^PROXY UNKNOWN( [^\n]*)?\r\n$/.test(line));
  assert.equal(length > 0, good, `version 1: ${JSON.stringify(line)}`);
  if (good) assert.equal(length, line.length);
}

/** What was understood comes out of both composers as it went in. */
function checkAgain({ ends }: Sayings): void {
  for (const header of [composeV1(ends), composeV2(ends, TLS)]) {
    const length = reader.read(header, 0, header.length);
    assert.equal(length, header.length);
    assert.deepEqual(sayings(length).ends, ends);
  }
  assert.ok(composeV2(ends, null).length > V2_FIXED);
}
