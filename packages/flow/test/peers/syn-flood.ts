// A flood of SYN from addresses that nobody has, in a network namespace of its own. Arguments: own address, VIP, port.
// Writes "ready" after the first of them, and goes on until it is killed, or has sent MOST.
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import koffi from 'koffi';

const AF_INET = 2;
const SOCK_RAW = 3;
const IPPROTO_RAW = 255;
/** SYN at once, and milliseconds until the next ones: 5,000 in a second at most. */
const AT_ONCE = 50;
const PAUSE = 10;
const MOST = 300_000;
const FIRST_PORT = 1_024;
const PORTS = 60_000;

const [own, vip, port] = process.argv.slice(2) as [string, string, string];
const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
if (!interfaces.some(({ address }) => address === own)) {
  throw new Error(`${own} is not an address of this namespace`);
}

const c = koffi.load(null);
const socket = c.func('int socket(int, int, int)') as (family: number, type: number, protocol: number) => number;
const sendTo = c.func('int64_t sendto(int, const void *, size_t, int, const void *, uint32_t)') as (
  descriptor: number,
  bytes: Uint8Array,
  length: number,
  flags: number,
  address: Uint8Array,
  addressLength: number,
) => number;

const raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW); // IP headers are ours: raw(7)
if (raw < 0) throw new Error(`no raw socket (error ${koffi.errno()})`);
const destination = Buffer.alloc(16);
destination.writeUInt16LE(AF_INET, 0);
for (const [index, part] of vip.split('.').entries()) destination[4 + index] = Number(part);

for (let sent = 0; sent < MOST; ) {
  for (const end = sent + AT_ONCE; sent < end; sent++) {
    // 198.18.0.0/15 is set aside for measurements (RFC 2544).
    const source = `198.18.${(sent >> 8) & 255}.${sent & 255}`;
    const syn = packet()
      .ip(source, vip)
      .tcp(FIRST_PORT + (sent % PORTS), Number(port), 'S')
      .bytes();
    if (sendTo(raw, syn, syn.length, 0, destination, destination.length) < 0) {
      throw new Error(`a SYN was not sent (error ${koffi.errno()})`);
    }
  }
  if (sent === AT_ONCE) process.stdout.write('ready\n');
  await sleep(PAUSE);
}
