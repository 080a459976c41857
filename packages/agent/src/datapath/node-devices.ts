import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { AttachPoint } from '@evenkeel/flow/loader/attach.ts';
import { Attachments } from './attachments.ts';
import { Containers } from './containers.ts';
import type { DeviceAnswers } from './device-answers.ts';
import type { KernelPathOptions } from './kernel-path-options.ts';
import { devices as allDevices, ownAddresses } from './node-network.ts';
import { OwnTraffic } from './own-traffic.ts';

/** What the programs have to do with the devices of this node: those that they are at, its addresses, its containers. */
export class NodeDevices {
  readonly #wanted: readonly string[];
  readonly attachments: Attachments;
  readonly #answers: DeviceAnswers;
  readonly #own: OwnTraffic;
  readonly #containers: Containers;
  /** What is under way at the devices, which nobody else may change meanwhile. */
  #underWay: Promise<boolean> | null = null;

  /**
   * `program`: the one for a point. `own`: addresses of this node that an earlier process has seen to. `answers`: what the
   * kernel would make of those that it routes.
   */
  constructor(
    { folder, devices, attach, routing, containers, log }: KernelPathOptions,
    datapath: Datapath,
    program: (point: AttachPoint) => Promise<number>,
    own: readonly string[],
    answers: DeviceAnswers,
  ) {
    this.#wanted = devices;
    // Where the kernel is to route whatever the point, another one is of no use.
    const refusal = (device: number) => (routing === 'direct' ? answers.refusal(device) : '');
    this.attachments = new Attachments(folder, program, log, attach, { refusal });
    this.#answers = answers;
    this.#own = new OwnTraffic(datapath, own);
    this.#containers = new Containers(datapath, containers, log);
  }

  /** Addresses of this node whose packets are left to the kernel. */
  get addresses(): readonly string[] {
    return this.#own.addresses;
  }

  /** Takes in what there is now. Resolves with whether anything has changed that is on record. */
  async follow(): Promise<boolean> {
    const before = this.#own.addresses.join();
    this.#own.set(ownAddresses());
    this.#containers.follow();
    this.#underWay = this.attachments.set(this.#wanted.length === 0 ? allDevices() : this.#wanted);
    const isChanged = await this.#underWay;
    return isChanged || this.#own.addresses.join() !== before;
  }

  /** Nothing is attached from here on; resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.attachments.stop();
    if (this.#underWay !== null) await this.#underWay.catch(() => undefined);
    this.#answers.close();
  }
}
