import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileSource } from '../../packages/flow/src/build/compile.ts';
import { addressBytes } from '../../packages/flow/src/datapath/address.ts';
import { Datapath } from '../../packages/flow/src/datapath/datapath.ts';
import { type Mode, numberKey } from '../../packages/flow/src/datapath/layout.ts';
import { LoadedObject } from '../../packages/flow/src/loader/object.ts';
import { testRun } from '../../packages/flow/src/loader/test-run.ts';
import {
  firstGeneration,
  joinGeneration,
  nextGeneration,
  rememberingSlots,
  settle,
} from '../../packages/flow/src/maglev/generations.ts';
import { buildSlots } from '../../packages/flow/src/maglev/slots.ts';
import { packet } from '../../packages/testbed/src/packets/packet.ts';

const SERVICE = 1;
const VIP = '203.0.113.1';
const PORT = 80;
const JUDGED_AT_ONCE = 64;
const FLOWS_AT_ONCE = 4096;

/** What came of a packet of each flow. */
export interface Pass {
  readonly nanoseconds: number;
  /** Packets that met another target than their flow did before. */
  readonly wrong: number;
}

/** A balancer with millions of live flows, all distinct 5-tuples, on one CPU (crowd.bpf.c). Needs clang. */
export class Crowd {
  readonly #object: LoadedObject;
  readonly #datapath: Datapath;
  readonly #flows: number;
  readonly #targets: number;

  /** `exceptions`: how many flows can be written down; `targets`: 1 … 200, the last of which is not used at first. */
  static load(flows: number, targets: number, exceptions: number, mode: Mode): Crowd {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-crowd-'));
    try {
      const path = join(folder, 'crowd.bpf.o');
      compileSource(join(import.meta.dirname, 'crowd.bpf.c'), path);
      const met = Math.ceil(flows / JUDGED_AT_ONCE);
      return new Crowd(LoadedObject.load(path, { mapSizes: { exceptions, met } }), flows, targets, mode);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  private constructor(object: LoadedObject, flows: number, targets: number, mode: Mode) {
    this.#object = object;
    this.#datapath = new Datapath(object);
    this.#flows = flows;
    this.#targets = targets;
    for (let number = 1; number <= targets; number++) {
      const mac = `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`;
      const nextHop = { device: 9, mac, ownMac: '02:00:00:00:01:00' };
      this.#datapath.setTarget(number, {
        address: `192.0.2.${number}`,
        port: null,
        tunnelSource: null,
        nextHop,
        gone: false,
      });
    }
    const listener = { number: 1, service: SERVICE, hashSeed: 7, idleSeconds: 86_400, mode, affinity: 'flow' } as const;
    this.#datapath.setListener({ address: VIP, port: PORT, protocol: 'tcp' }, listener);
  }

  async begin(): Promise<void> {
    await this.#datapath.swapTable(SERVICE, firstGeneration(this.#slots(this.#targets - 1)));
  }

  /** All targets are used from now on; returns the share of slots that change. */
  async addTarget(): Promise<number> {
    const next = nextGeneration(this.#slots(this.#targets), this.#datapath.table(SERVICE)!);
    await this.#datapath.swapTable(SERVICE, next);
    return rememberingSlots(next).length / next.length;
  }

  async settle(): Promise<void> {
    await this.#datapath.swapTable(
      SERVICE,
      settle(this.#datapath.table(SERVICE)!, () => true),
    );
  }

  /** Takes the place of another node: its table, the flows that it has written down, and the judge's memory. */
  async replace(other: Crowd): Promise<void> {
    const slots = this.#slots(this.#targets);
    await this.#datapath.swapTable(SERVICE, joinGeneration(slots, other.#datapath.table(SERVICE)!));
    for (const records of other.#datapath.flowRecords(FLOWS_AT_ONCE)) {
      for (const record of records) this.#datapath.rememberFlow(record);
    }
    const [from, to] = [other.#object.map('met'), this.#object.map('met')];
    for (let group = 0; group < from.shape.maxEntries; group++) {
      const key = numberKey(group);
      to.set(key, from.get(key)!);
    }
  }

  /** A packet of each flow, `times` over. `idle`: of what the crowd costs without a balancer. */
  run(kind: 'SYN' | 'ACK' | 'idle', times = 1): Pass {
    const crowd = this.#object.map('crowds');
    const state = Buffer.alloc(crowd.shape.valueSize);
    state.writeBigUInt64LE(BigInt(this.#flows), 8);
    addressBytes(VIP).copy(state, 24, 12);
    state[28] = kind === 'SYN' ? 1 : 0;
    state[29] = kind === 'idle' ? 1 : 0;
    crowd.set(numberKey(0), state);
    const frame = packet().ip('10.0.0.0', VIP).tcp(1, PORT).frame();
    const { nanoseconds } = testRun(this.#object.program('crowd_xdp'), frame, this.#flows * times);
    const after = crowd.get(numberKey(0))!;
    if (after.readBigUInt64LE(0) !== 0n) throw new Error('not every flow has had its packet');
    return { nanoseconds, wrong: Number(after.readBigUInt64LE(16)) };
  }

  /** Flows that are written down, and bytes of the table and of what can be written down. */
  state(): { readonly written: number; readonly bytes: number } {
    const bytes = this.#object.map('exceptions').memory() + this.#datapath.table(SERVICE)!.byteLength;
    return { written: this.#datapath.countExceptions(), bytes };
  }

  close(): void {
    this.#object.close();
  }

  #slots(count: number): Uint16Array {
    return buildSlots(
      Array.from({ length: count }, (_, index) => ({ number: index + 1, name: `target ${index + 1}`, weight: 1 })),
    );
  }
}
