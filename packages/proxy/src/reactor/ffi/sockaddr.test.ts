import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Mapping } from './mapping.ts';
import { addressFamily, readSockaddr, writeSockaddr } from './sockaddr.ts';

const memory = Mapping.anonymous(4096);
const view = new DataView(memory.bytes);

for (const [address, canonical] of [
  ['127.0.0.1', '127.0.0.1'],
  ['255.254.0.7', '255.254.0.7'],
  ['::', '::'],
  ['::1', '::1'],
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['fe80:0:0:0:0:0:0:0', 'fe80::'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
] as const) {
  it(`writes and reads ${address}`, () => {
    const size = writeSockaddr(view, 8, memory.address + 8, { address, port: 51234 });
    assert.equal(size, address.includes(':') ? 28 : 16);
    assert.deepEqual(readSockaddr(view, 8), { address: canonical, port: 51234 });
  });
}

it('refuses what is not an address', () => {
  for (const address of ['', 'localhost', '1.2.3', '1.2.3.256', '::g', 'fe80::1%lo']) {
    assert.equal(addressFamily(address), 0, address);
    assert.equal(writeSockaddr(view, 0, memory.address, { address, port: 1 }), 0, address);
  }
});
