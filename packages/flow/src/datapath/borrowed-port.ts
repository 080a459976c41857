import type { KernelMap } from '../loader/kernel-map.ts';
import { addressBytes } from './address.ts';
import { BORROWED_RANGE } from './borrowed-range.ts';
import { type Flow, hashFlow } from './flow-hash.ts';
import { FLOW_STATES } from './flow-record.ts';
import { PROTOCOLS } from './layout.ts';

const PORTS = BORROWED_RANGE.last - BORROWED_RANGE.first + 1;
/** As in bpf/consts.h. */
const ATTEMPTS = 8;
const KEY_BYTES = 40;
/** Seconds of silence after which a flow that is not established is over, and after which others may have its port. */
const PATIENCE = { opening: { over: 60, yields: 30 }, closing: { over: 60, yields: 4 } } as const;

/** An endpoint of a target, and the address of the node that it sees. */
export interface BorrowingPlace {
  readonly target: string;
  readonly targetPort: number;
  readonly node: string;
  readonly hashSeed: number;
}

/** A port of the node that is a flow's, or that it would get. */
export interface BorrowedPort {
  readonly port: number;
  readonly isOwn: boolean;
}

/**
 * By which port of the node a target sees a flow, where clients are hidden: `borrow_port` of bpf/source-nat.h. null: others
 * have all that it could have. `now`: seconds since the machine started; `isListenedTo`: whether a listener of a load
 * balancer has this port of the node.
 */
export function findBorrowedPort(
  borrowers: Pick<KernelMap, 'get'>,
  flow: Flow,
  { target, targetPort, node, hashSeed }: BorrowingPlace,
  now: number,
  isListenedTo: (port: number) => boolean,
): BorrowedPort | null {
  const key = Buffer.alloc(KEY_BYTES);
  addressBytes(target).copy(key, 0);
  addressBytes(node).copy(key, 16);
  key.writeUInt16BE(targetPort, 32);
  key[36] = PROTOCOLS[flow.protocol];
  const hash = hashFlow(flow, hashSeed);
  let best = { offer: 0, port: 0 };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const mixed = Math.imul(hash ^ Math.imul(attempt, 0x9e37_79b9), 0x85eb_ca6b) >>> 0;
    const port = BORROWED_RANGE.first + Math.floor((mixed * PORTS) / 2 ** 32);
    key.writeUInt16BE(port, 34);
    const borrower = borrowers.get(key);
    if (borrower !== null && isOf(borrower, flow)) return { port, isOwn: true };
    const offer = borrower === null ? 2 : offerOf(borrower, now);
    if (offer > best.offer && !isListenedTo(port)) best = { offer, port };
  }
  return best.offer === 0 ? null : { port: best.port, isOwn: false };
}

/** 0: the port is another flow's; 1: that would lose it to one that has no other; 2: it has ended. */
function offerOf(borrower: Buffer, now: number): 0 | 1 | 2 {
  const idle = (now - borrower.readUInt32LE(40)) | 0;
  const state = FLOW_STATES[borrower[50]!] ?? 'established';
  if (state === 'established') return idle > borrower.readUInt32LE(44) ? 2 : 0;
  const { over, yields } = PATIENCE[state];
  if (idle > over) return 2;
  return idle > yields ? 1 : 0;
}

function isOf(borrower: Buffer, { client, clientPort, vip, vipPort }: Flow): boolean {
  if (borrower.readUInt16BE(32) !== clientPort || borrower.readUInt16BE(34) !== vipPort) return false;
  return borrower.subarray(0, 32).equals(Buffer.concat([addressBytes(client), addressBytes(vip)]));
}
