import assert from 'node:assert/strict';
import { after, before, suite } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { type Packet, packet } from '@evenkeel/testbed/packets/packet.ts';
import { objectPath, PROGRAMS, type ProgramFile } from '../src/build/compile.ts';
import { Datapath } from '../src/datapath/datapath.ts';
import { FlowForecaster } from '../src/datapath/flow-forecast.ts';
import type { ListenerSettings, Outcome, TargetSettings } from '../src/datapath/layout.ts';
import { LoadedObject } from '../src/loader/object.ts';
import { type TestRun, testRun } from '../src/loader/test-run.ts';
import { firstGeneration, nextGeneration } from '../src/maglev/generations.ts';
import { SLOTS } from '../src/maglev/slots.ts';
import { forecastOf } from './forecasts.ts';

/** Addresses for documentation: RFC 5737 and RFC 3849. */
export const CLIENT = '198.51.100.7';
export const VIP = '203.0.113.1';
export const TARGET = '192.0.2.10';
export const CLIENT6 = '2001:db8:c::7';
export const VIP6 = '2001:db8:a::1';
export const TARGET6 = '2001:db8:b::10';
export const NODE = '192.0.2.1';
export const NODE6 = '2001:db8:b::1';
export const NEXT_HOP = { device: 9, mac: '02:00:00:00:00:aa', ownMac: '02:00:00:00:00:bb' };
export const SEED = 0x5eed_cafe;
export const SERVICE = 3;
export const LISTENER = 5;

/** What the programs return: XDP_* and TCX_* of linux/bpf.h. */
const VERDICTS = {
  xdp: { notOurs: 2, kernel: 2, drop: 1, redirect: 4 },
  tcx: { notOurs: -1, kernel: 0, drop: 2, redirect: 7 },
} as const;
export type Verdict = keyof (typeof VERDICTS)['xdp'];

/** Small maps: the tests are not about how much fits. */
export const SMALL_MAPS = {
  exceptions: 1024,
  listener_traffic: 64,
  target_traffic: 64,
  verified: 1024,
  news: 64,
  borrowers: 1024,
  visits: 1024,
  shared: 1024,
  samples: 8192,
  talkers: 1024,
  drops: 1024,
  sources: 1024,
};

/** A balancer in the kernel that no device knows, with one listener's settings at hand. */
export class Scene {
  readonly #program: ProgramFile;
  readonly object: LoadedObject;
  readonly datapath: Datapath;
  readonly forecaster: FlowForecaster;

  constructor(program: ProgramFile) {
    this.#program = program;
    this.object = LoadedObject.load(objectPath(program), { mapSizes: SMALL_MAPS });
    this.datapath = new Datapath(this.object);
    this.forecaster = new FlowForecaster(this.object, this.datapath, () => program === 'tcx');
  }

  listener(settings: Partial<ListenerSettings> = {}): ListenerSettings {
    return {
      number: LISTENER,
      service: SERVICE,
      hashSeed: SEED,
      idleSeconds: 1800,
      mode: 'nat',
      affinity: 'flow',
      ...settings,
    };
  }

  target(settings: Partial<TargetSettings> = {}): TargetSettings {
    return { address: TARGET, port: null, tunnelSource: null, nextHop: null, gone: false, ...settings };
  }

  /** All slots go to `current`; flows begun before the change went to `previous`. */
  async useTargets(current: number, previous = current, service = SERVICE): Promise<void> {
    const slots = (number: number) => new Uint16Array(SLOTS).fill(number);
    await this.datapath.swapTable(service, nextGeneration(slots(current), firstGeneration(slots(previous))));
  }

  /** As the program returns it. */
  verdict(name: Verdict): number {
    return VERDICTS[this.#program][name];
  }

  /** `times`: each time on what the run before has left of the frame. */
  run(frame: Buffer, times = 1): TestRun {
    return testRun(this.object.program(`balance_${this.#program}`), frame, times);
  }

  /**
   * Runs the packet through the program; with `out`, what comes out has to be it, byte by byte. What is forecast of its flow
   * has to come true.
   */
  expect(given: Packet, verdict: Verdict, out?: Packet): void {
    const frame = given.frame();
    const compare = forecastOf(frame, this.forecaster, this.datapath);
    const run = this.run(frame);
    compare();
    assert.equal(run.verdict, this.verdict(verdict), `verdict, expected ${verdict}`);
    const expected = (out ?? given).frame();
    assert.equal(run.frame.toString('hex'), expected.toString('hex'));
  }

  /** The outcomes that `run` adds to. */
  outcomesOf(run: () => void): Partial<Record<Outcome, bigint>> {
    const before = this.datapath.outcomes();
    run();
    const after = this.datapath.outcomes();
    const names = (Object.keys(after) as Outcome[]).filter((name) => after[name] !== before[name]);
    return Object.fromEntries(names.map((name) => [name, after[name] - before[name]]));
  }
}

/** Defines the same tests for XDP and for tcx, each with a balancer of its own that `prepare` sets up. */
export function bothEntryPoints(
  title: string,
  prepare: (scene: Scene) => void | Promise<void>,
  define: (scene: () => Scene, program: ProgramFile) => void,
): void {
  for (const program of PROGRAMS) {
    suite(`${title} (${program})`, { skip: requiresKernelDatapath() }, () => {
      let scene: Scene | undefined;
      before(async () => {
        scene = new Scene(program);
        await prepare(scene);
      });
      after(() => scene?.object.close());
      define(() => scene!, program);
    });
  }
}

/** The frame that a target gets from this node itself. */
export function fromNode(): Packet {
  return packet().ethernet(NEXT_HOP.mac, NEXT_HOP.ownMac);
}
