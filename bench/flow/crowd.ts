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
/** Entries that another CPU may keep free for itself, so that none has to make room. */
const SPARE = 1024;

/** What came of a packet of each flow. */
export interface Pass {
  readonly nanoseconds: number;
  /** Packets that met another target than their flow did before. */
  readonly wrong: number;
}

export interface State {
  readonly written: number;
  readonly bytes: number;
}

export interface CrowdOptions {
  readonly flows: number;
  /** 1 … 200, the last of which is not used at first. */
  readonly targets: number;
  /** How many flows can be written down. */
  readonly exceptions: number;
  readonly mode: Mode;
  /** NAT to endpoints that other listeners have as well: all flows are written down. */
  readonly shared?: boolean;
}

/** A balancer with millions of live flows, all distinct 5-tuples, on one CPU (crowd.bpf.c). Needs clang. */
export class Crowd {
  readonly #object: LoadedObject;
  readonly #datapath: Datapath;
  readonly #flows: number;
  readonly #targets: number;
  readonly #shared: boolean;
  #next = 0;

  static load(options: CrowdOptions): Crowd {
    const { flows, exceptions, shared = false } = options;
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-crowd-'));
    try {
      const path = join(folder, 'crowd.bpf.o');
      compileSource(join(import.meta.dirname, 'crowd.bpf.c'), path);
      const mapSizes = { exceptions, met: Math.ceil(flows / JUDGED_AT_ONCE), ...(shared && { shared: flows + SPARE }) };
      return new Crowd(LoadedObject.load(path, { mapSizes }), options);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  private constructor(object: LoadedObject, { flows, targets, mode, shared = false }: CrowdOptions) {
    this.#object = object;
    this.#datapath = new Datapath(object);
    this.#flows = flows;
    this.#targets = targets;
    this.#shared = shared;
    for (let number = 1; number <= targets; number++) {
      const mac = `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`;
      const nextHop = { device: 9, mac, ownMac: '02:00:00:00:01:00' };
      const address = `192.0.2.${number}`;
      this.#datapath.setTarget(number, { address, port: null, tunnelSource: null, nextHop, gone: false, shared });
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

  /** Takes the place of another node: its table, the flows that it tells of, and the judge's memory. */
  async replace(other: Crowd, { tellsFlows = true } = {}): Promise<void> {
    const slots = this.#slots(this.#targets);
    await this.#datapath.swapTable(SERVICE, joinGeneration(slots, other.#datapath.table(SERVICE)!));
    for (const records of tellsFlows ? other.#datapath.flowRecords(FLOWS_AT_ONCE) : []) {
      for (const record of records) this.#datapath.rememberFlow(record);
    }
    const [from, to] = [other.#object.map('met'), this.#object.map('met')];
    for (let group = 0; group < from.shape.maxEntries; group++) {
      const key = numberKey(group);
      to.set(key, from.get(key)!);
    }
  }

  /**
   * A packet of each flow, or of as many as told, from where the last run has ended; `times` over. `idle`: of what the crowd
   * costs without a balancer.
   */
  run(kind: 'SYN' | 'ACK' | 'idle', { flows = this.#flows, times = 1 } = {}): Pass {
    const crowd = this.#object.map('crowds');
    const state = Buffer.alloc(crowd.shape.valueSize);
    state.writeBigUInt64LE(BigInt(this.#next), 0);
    state.writeBigUInt64LE(BigInt(this.#flows), 8);
    addressBytes(VIP).copy(state, 24, 12);
    state[28] = kind === 'SYN' ? 1 : 0;
    state[29] = kind === 'idle' ? 1 : 0;
    crowd.set(numberKey(0), state);
    const frame = packet().ip('10.0.0.0', VIP).tcp(1, PORT).frame();
    const { nanoseconds } = testRun(this.#object.program('crowd_xdp'), frame, flows * times);
    const after = crowd.get(numberKey(0))!;
    this.#next = (this.#next + flows * times) % this.#flows;
    if (after.readBigUInt64LE(0) !== BigInt(this.#next)) throw new Error('not every flow has had its packet');
    return { nanoseconds, wrong: Number(after.readBigUInt64LE(16)) };
  }

  /** Flows that are written down, and bytes of the table and of all that can be written down. */
  state(): State {
    const maps = this.#shared ? ['exceptions', 'shared'] : ['exceptions'];
    const bytes = maps.reduce((sum, name) => sum + this.#object.map(name).memory(), 0);
    const written = maps.reduce((sum, name) => sum + this.#object.map(name).count(), 0);
    return { written, bytes: bytes + this.#datapath.table(SERVICE)!.byteLength };
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
