import type { KernelMap } from '../loader/kernel-map.ts';
import { addressBytes } from './address.ts';
import { type Flow, hashFlow } from './flow-hash.ts';
import { PROTOCOLS } from './layout.ts';

/** As in bpf/consts.h. */
const FIRST_PORT = 1024;
const PORTS = 31744;
const ATTEMPTS = 8;
const KEY_BYTES = 40;

/** An endpoint of a target, and the address of the node that it sees. */
export interface BorrowingPlace {
  readonly target: string;
  readonly targetPort: number;
  readonly node: string;
  readonly hashSeed: number;
}

/**
 * Whether a flow has a port of the node, or could have one, where clients are hidden: `borrow_port` of bpf/source-nat.h,
 * which takes it as well. `isOver`: of an entry that was last seen then, whether its port is to be had.
 */
export function hasPort(
  borrowers: Pick<KernelMap, 'get'>,
  flow: Flow,
  { target, targetPort, node, hashSeed }: BorrowingPlace,
  isOver: (seen: number) => boolean,
): boolean {
  const key = Buffer.alloc(KEY_BYTES);
  addressBytes(target).copy(key, 0);
  addressBytes(node).copy(key, 16);
  key.writeUInt16BE(targetPort, 32);
  key[36] = PROTOCOLS[flow.protocol];
  const hash = hashFlow(flow, hashSeed);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const mixed = Math.imul(hash ^ Math.imul(attempt, 0x9e37_79b9), 0x85eb_ca6b) >>> 0;
    key.writeUInt16BE(FIRST_PORT + Math.floor((mixed * PORTS) / 2 ** 32), 34);
    const borrower = borrowers.get(key);
    if (borrower === null || isOver(borrower.readUInt32LE(40)) || isOf(borrower, flow)) return true;
  }
  return false;
}

function isOf(borrower: Buffer, { client, clientPort, vip, vipPort }: Flow): boolean {
  if (borrower.readUInt16BE(32) !== clientPort || borrower.readUInt16BE(34) !== vipPort) return false;
  return borrower.subarray(0, 32).equals(Buffer.concat([addressBytes(client), addressBytes(vip)]));
}
