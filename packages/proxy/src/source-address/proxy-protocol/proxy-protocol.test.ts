import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { describeFailure, fuzz } from '@evenkeel/testbed/fuzz/fuzz.ts';
import { Random } from '../../reactor/simulated/random.ts';
import { COMPOSED_MOST, composeV1, composeV2, LOCAL_V1, LOCAL_V2, type TlsFacts } from './compose.ts';
import { crc32c } from './crc32c.ts';
import { V2_SIGNATURE } from './format.ts';
import { INCOMPLETE, MALFORMED, ProxyHeaderReader } from './header-reader.ts';
import { proxyHeaderFuzz } from './proxy-header.fuzz.ts';

const reader = new ProxyHeaderReader();

/** What the header says; a number when it is incomplete or malformed. */
function read(bytes: string | Uint8Array): string | number {
  const input = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  const length = reader.read(input, 0, input.length);
  if (length <= 0) return length;
  const rest = input.length - length;
  if (!reader.announced) return `own +${rest}`;
  return `${reader.source} ${reader.sourcePort} ${reader.destination} ${reader.destinationPort} +${rest}`;
}

function v2(command: number, family: number, rest: readonly number[], length = rest.length): Uint8Array {
  return Uint8Array.of(...V2_SIGNATURE, command, family, length >> 8, length & 255, ...rest);
}

const TCP4 = [192, 0, 2, 7, 192, 0, 2, 1, 0x9c, 0xbb, 0, 80];
const SAID = '192.0.2.7 40123 192.0.2.1 80';

describe('PROXY protocol, version 1', () => {
  for (const [line, expected] of [
    ['PROXY TCP4 192.0.2.7 192.0.2.1 40123 80\r\n', `${SAID} +0`],
    ['PROXY TCP4 192.0.2.7 192.0.2.1 40123 80\r\nGET /', `${SAID} +5`],
    ['PROXY TCP6 2001:db8::7 2001:db8::1 40123 80\r\n', '2001:db8::7 40123 2001:db8::1 80 +0'],
    ['PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 0 65535\r\n', '192.0.2.7 0 2001:db8::1 65535 +0'],
    ['PROXY UNKNOWN\r\n', 'own +0'],
    ['PROXY UNKNOWN ffff::1 anything at all\r\nx', 'own +1'],
    ['', INCOMPLETE],
    ['P', INCOMPLETE],
    ['PROXY TCP4 192.0.2.7', INCOMPLETE],
    ['PROXY TCP4 192.0.2.7 192.0.2.1 40123 80\r', INCOMPLETE],
    ['GET / HTTP/1.1\r\n', MALFORMED],
    ['proxy TCP4 192.0.2.7 192.0.2.1 40123 80\r\n', MALFORMED],
    ['PROXY  TCP4 192.0.2.7 192.0.2.1 40123 80\r\n', MALFORMED],
    ['PROXY TCP4  192.0.2.7 192.0.2.1 40123 80\r\n', MALFORMED],
    ['PROXY TCP4 192.0.2.7 192.0.2.1 40123 80 \r\n', MALFORMED],
    ['PROXY TCP4 192.0.2.7 192.0.2.1 40123 80\n', MALFORMED],
    ['PROXY TCP4 192.0.2.7 192.0.2.1 40123\r\n', MALFORMED],
    ['PROXY TCP4 192.0.2.7 192.0.2.1 040 80\r\n', MALFORMED],
    ['PROXY TCP4 192.0.2.7 192.0.2.1 65536 80\r\n', MALFORMED],
    ['PROXY TCP4 192.0.2.7 192.0.2.1 -1 80\r\n', MALFORMED],
    ['PROXY TCP4 192.0.2.07 192.0.2.1 1 80\r\n', MALFORMED],
    ['PROXY TCP4 2001:db8::7 2001:db8::1 1 80\r\n', MALFORMED],
    ['PROXY TCP4 ::ffff:192.0.2.7 192.0.2.1 1 80\r\n', MALFORMED],
    ['PROXY TCP6 192.0.2.7 192.0.2.1 1 80\r\n', MALFORMED],
    ['PROXY UDP4 192.0.2.7 192.0.2.1 1 80\r\n', MALFORMED],
    ['PROXY UNKNOWNS\r\n', MALFORMED],
    ['PROXY \r\n', MALFORMED],
    [`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`, 'own +0'],
    [`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`, MALFORMED],
    [`PROXY UNKNOWN ${'x'.repeat(100)}`, MALFORMED],
  ] as const) {
    test(JSON.stringify(line.length > 80 ? `${line.slice(0, 20)}… (${line.length})` : line), () => {
      assert.equal(read(line), expected);
    });
  }
});

describe('PROXY protocol, version 2', () => {
  const cases: [string, Uint8Array, string | number][] = [
    ['TCP over IPv4', v2(0x21, 0x11, TCP4), `${SAID} +0`],
    ['TCP over IPv6', v2(0x21, 0x21, [...Array(15).fill(0), 1, ...Array(15).fill(0), 2, 0, 1, 0, 2]), '::1 1 ::2 2 +0'],
    ['LOCAL, with or without addresses', v2(0x20, 0, []), 'own +0'],
    ['LOCAL with addresses', v2(0x20, 0x11, TCP4), 'own +0'],
    ['UNSPEC', v2(0x21, 0, [1, 2, 3]), 'own +0'],
    ['a Unix socket', v2(0x21, 0x31, Array(216).fill(0)), 'own +0'],
    ['TLVs', v2(0x21, 0x11, [...TCP4, 0xea, 0, 2, 1, 2, 0x04, 0, 0]), `${SAID} +0`],
    ['a TLV that is longer than its place', v2(0x21, 0x11, [...TCP4, 0xea, 0, 3, 1, 2]), MALFORMED],
    ['half of a TLV', v2(0x21, 0x11, [...TCP4, 0xea, 0]), MALFORMED],
    ['too short for its family', v2(0x21, 0x11, TCP4.slice(1)), MALFORMED],
    ['UDP', v2(0x21, 0x12, TCP4), MALFORMED],
    ['an unknown family', v2(0x21, 0x41, TCP4), MALFORMED],
    ['an unknown command', v2(0x22, 0x11, TCP4), MALFORMED],
    ['version 3', v2(0x31, 0x11, TCP4), MALFORMED],
    ['longer than anybody has to say', v2(0x21, 0x11, TCP4, 5000), MALFORMED],
    ['not all of it', v2(0x21, 0x11, TCP4, 20), INCOMPLETE],
    ['the signature alone', V2_SIGNATURE, INCOMPLETE],
    ['half a signature', V2_SIGNATURE.subarray(0, 5), INCOMPLETE],
    ['another signature', Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0b), MALFORMED],
  ];
  for (const [name, bytes, expected] of cases) {
    test(name, () => assert.equal(read(bytes), expected));
  }

  test('a checksum is checked', () => {
    const header = v2(0x21, 0x11, [...TCP4, 0x03, 0, 4, 0, 0, 0, 0]);
    const hole = header.length - 4;
    new DataView(header.buffer).setUint32(hole, crc32c(header, 0, header.length, hole));
    assert.equal(read(header), `${SAID} +0`);
    header[20]! ^= 1;
    assert.equal(read(header), MALFORMED);
    assert.equal(crc32c(Buffer.from('123456789'), 0, 9, -1), 0xe3069283);
  });
});

describe('composed headers', () => {
  const ends = { remoteAddress: '192.0.2.7', remotePort: 40_123, localAddress: '192.0.2.1', localPort: 80 };
  const facts: TlsFacts = {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    serverName: 'a.test',
    protocol: 'http/1.1',
    clientCertificate: true,
    resumed: false,
    commonName: 'Zoë',
  };

  test('say what they were told, in both versions', () => {
    assert.equal(Buffer.from(composeV1(ends)).toString(), 'PROXY TCP4 192.0.2.7 192.0.2.1 40123 80\r\n');
    assert.equal(read(composeV1(ends)), `${SAID} +0`);
    assert.equal(read(composeV2(ends, null)), `${SAID} +0`);
    assert.equal(read(composeV2(ends, facts)), `${SAID} +0`);
    const six = { ...ends, remoteAddress: '2001:db8::7', localAddress: '2001:db8::1' };
    assert.equal(read(composeV1(six)), '2001:db8::7 40123 2001:db8::1 80 +0');
    assert.equal(read(composeV2(six, null)), '2001:db8::7 40123 2001:db8::1 80 +0');
  });

  test('map IPv4 where the two ends are of different families', () => {
    const mixed = { ...ends, remoteAddress: '2001:db8::7' };
    assert.equal(Buffer.from(composeV1(mixed)).toString(), 'PROXY TCP6 2001:db8::7 ::ffff:192.0.2.1 40123 80\r\n');
    assert.equal(read(composeV2(mixed, null)), '2001:db8::7 40123 192.0.2.1 80 +0');
  });

  test('speak for nobody when nobody is known', () => {
    const gone = { ...ends, remoteAddress: '' };
    assert.equal(read(composeV1(gone)), 'own +0');
    assert.equal(read(composeV2(gone, facts)), 'own +0');
    assert.equal(read(LOCAL_V1), 'own +0');
    assert.equal(read(LOCAL_V2), 'own +0');
  });

  test('tell of TLS by TLVs', () => {
    const header = Buffer.from(composeV2(ends, facts));
    const sub = (type: number, text: string): Buffer =>
      Buffer.concat([Buffer.from([type, 0, Buffer.byteLength(text)]), Buffer.from(text)]);
    const inner = Buffer.concat([
      Buffer.from([7, 0, 0, 0, 0]),
      sub(0x21, 'TLSv1.3'),
      sub(0x23, 'TLS_AES_128_GCM_SHA256'),
      sub(0x22, 'Zoë'),
    ]);
    assert.deepEqual(
      header.subarray(28),
      Buffer.concat([sub(1, 'http/1.1'), sub(2, 'a.test'), Buffer.from([0x20, 0, inner.length]), inner]),
    );
  });

  test('call no certificate verified where there is none', () => {
    const tls = { ...facts, clientCertificate: false, serverName: '', protocol: '', commonName: '' };
    assert.deepEqual([...composeV2(ends, tls).subarray(28 + 3, 28 + 8)], [1, 0, 0, 0, 1]);
  });

  test('tell a certificate of this connection from one of its session', () => {
    for (const [resumed, flags] of [
      [false, 7],
      [true, 5],
    ] as const) {
      const tls = { ...facts, resumed, serverName: '', protocol: '' };
      assert.deepEqual([...composeV2(ends, tls).subarray(28 + 3, 28 + 8)], [flags, 0, 0, 0, 0]);
    }
  });

  test('leave out what is too long to be said whole, and stay below their bound', () => {
    const long = 'x'.repeat(255);
    const most = { ...facts, version: long, cipher: long, serverName: long, protocol: long, commonName: long };
    const six = { ...ends, remoteAddress: '2001:db8::7', localAddress: '2001:db8::1' };
    const header = composeV2(six, most);
    assert.ok(header.length <= COMPOSED_MOST, `${header.length} bytes`);
    assert.ok(composeV2(six, { ...most, serverName: `${long}x` }).length < header.length - 255);
  });
});

describe('PROXY headers under fuzzing', () => {
  it('holds for its seeds and 20,000 mutations', async () => {
    let left = 20_000;
    const { failure } = await fuzz(proxyHeaderFuzz, new Random(1), () => left-- > 0);
    assert.equal(failure, null, failure === null ? '' : describeFailure(failure));
  });
});
