import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Attachment, type AttachPoint } from '@evenkeel/flow/loader/attach.ts';
import { type Device, deviceOf } from '@evenkeel/flow/loader/device.ts';
import type { Logger } from 'pino';
import type { AttachSetting } from './setting.ts';

/** Drivers that hand frames to XDP before the kernel makes anything of them, and send what a program redirects. */
const NATIVE = new Set(['bnxt_en', 'ena', 'i40e', 'ice', 'igb', 'igc', 'ixgbe', 'mlx5_core']);

const NO_ETHERNET = 'its frames have no Ethernet header';

interface Attached {
  readonly point: AttachPoint;
  /** One that was taken away and made again under the same name is another device. */
  readonly index: number;
}

/** What is to be known of devices to choose where a program goes. */
export interface DeviceSight {
  readonly look: (name: string) => Device | null;
  /** Empty: it has none of its own. */
  readonly driver: (name: string) => string;
  /** Why the kernel would drop answers of targets that come in by a device (its number), if it routed them; empty: it would not. */
  readonly refusal: (device: number) => string;
}

/** Programs at the devices of this node. The pins of their links, `link-<device>`, keep them when this process ends. */
export class Attachments {
  readonly #folder: string;
  readonly #program: (point: AttachPoint) => Promise<number>;
  readonly #log: Logger;
  readonly #setting: AttachSetting;
  readonly #sight: DeviceSight;
  readonly #attached = new Map<string, Attached>();
  /** Devices that are wanted and take no program, with what was said of it. */
  readonly #failed = new Map<string, string>();
  #stopped = false;

  /** `program`: the one for a point, loaded when it is first asked for. */
  constructor(
    folder: string,
    program: (point: AttachPoint) => Promise<number>,
    log: Logger,
    setting: AttachSetting,
    sight: Partial<DeviceSight> = {},
  ) {
    this.#sight = { look: deviceOf, driver: driverOf, refusal: () => '', ...sight };
    this.#setting = setting;
    this.#folder = folder;
    this.#program = program;
    this.#log = log;
  }

  /** By device. */
  get points(): ReadonlyMap<string, AttachPoint> {
    return new Map(Array.from(this.#attached, ([device, { point }]) => [device, point]));
  }

  /** Whether all programs have the kernel find hardware addresses that are not known, which those at XDP cannot. */
  get asksForNextHops(): boolean {
    return [...this.#attached.values()].every(({ point }) => point === 'tcx');
  }

  /**
   * Attaches to those that are new, or takes over what is there; detaches from others. A device at XDP where the kernel would
   * drop answers comes to tcx, where they are not its to route, and stays there: to change that resets network cards. What
   * cannot be had now is logged once, and tried again with the next call. Resolves with whether anything has changed. One
   * call at a time.
   */
  async set(devices: readonly string[]): Promise<boolean> {
    let isChanged = false;
    const wanted = devices.filter((device) => this.#isFit(device));
    for (const { point, device } of this.#pinned()) {
      if (wanted.includes(device)) continue;
      this.#detach(point, device);
      isChanged = true;
    }
    for (const device of wanted) {
      const index = this.#sight.look(device)?.index ?? null;
      const attached = this.#attached.get(device);
      if (attached !== undefined && attached.index === index && !this.#isLossy(attached)) continue;
      if (attached !== undefined && attached.index !== index) this.#detach(attached.point, device);
      if (index !== null) isChanged = (await this.#try(device, index)) || isChanged;
      if (this.#stopped) break;
    }
    return isChanged;
  }

  #isLossy({ point, index }: Attached): boolean {
    return this.#setting === 'auto' && point === 'xdp' && this.#sight.refusal(index) !== '';
  }

  /** Nothing is attached from here on, what is under way included. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes the programs off all devices. */
  detachAll(): void {
    this.stop();
    for (const { point, device } of this.#pinned()) this.#detach(point, device);
  }

  /** Programs want frames to begin with an Ethernet header. What is not there now may be fit. */
  #isFit(device: string): boolean {
    if (this.#sight.look(device)?.isEthernet !== false) return true;
    if (this.#failed.get(device) !== NO_ETHERNET) {
      this.#log.warn({ device, reason: NO_ETHERNET }, 'a device takes no program: what comes in by it is not balanced');
    }
    this.#failed.set(device, NO_ETHERNET);
    return false;
  }

  /** Why no device has a program; empty: one has. */
  get failure(): string {
    if (this.#attached.size > 0) return '';
    const [first] = this.#failed;
    return first === undefined
      ? 'there is no device that packets come in by'
      : `${first[0]} takes no program: ${first[1]}`;
  }

  #pinned(): { readonly point: AttachPoint; readonly device: string }[] {
    if (!existsSync(this.#folder)) return []; // a node that ends while it loads programs has taken it away
    return readdirSync(this.#folder).flatMap((name) => {
      const [, point, device] = /^link-(xdp|tcx)-(.+)$/.exec(name) ?? [];
      return point === undefined || device === undefined ? [] : [{ point: point as AttachPoint, device }];
    });
  }

  async #try(device: string, index: number): Promise<boolean> {
    try {
      await this.#attach(device, index);
      this.#failed.delete(device);
      return true;
    } catch (error) {
      if (this.#stopped) return false;
      const { message } = error as Error;
      if (this.#failed.get(device) !== message) {
        this.#log.error({ err: error, device }, 'a device takes no program: what comes in by it is not balanced');
      }
      this.#failed.set(device, message);
      return false;
    }
  }

  async #attach(device: string, index: number): Promise<void> {
    if (this.#setting !== 'auto') {
      const point = this.#setting;
      await this.#at(point, device, index);
      this.#log.info({ device, point, reason: 'it is set' }, 'packets of a device are balanced in the kernel');
      return;
    }
    const driver = this.#sight.driver(device);
    const isNative = driver !== '' && NATIVE.has(driver);
    const refusal = isNative ? this.#sight.refusal(index) : '';
    const wanted: AttachPoint = isNative && refusal === '' ? 'xdp' : 'tcx';
    const reason = refusal || (driver === '' ? 'it has no driver of its own' : `its driver is ${driver}`);
    if (wanted === 'xdp') {
      try {
        await this.#at('xdp', device, index);
        this.#log.info({ device, point: 'xdp', reason }, 'packets of a device are balanced in the kernel');
        return;
      } catch (error) {
        if (this.#stopped) throw error;
        this.#log.warn({ err: error, device }, 'a device takes no program at xdp; trying tcx');
      }
    }
    await this.#at('tcx', device, index);
    this.#log.info({ device, point: 'tcx', reason }, 'packets of a device are balanced in the kernel');
  }

  async #at(point: AttachPoint, device: string, index: number): Promise<void> {
    const program = await this.#program(point);
    if (this.#stopped) throw new Error('the kernel datapath is given up');
    const pin = this.#pin(point, device);
    if (existsSync(pin) && Attachment.deviceOf(pin) !== index) this.#detach(point, device);
    (await Attachment.attach(point, index, program, pin, () => !this.#stopped)).close();
    // Not before: what one has sent on or left to the kernel is none of the other's, and packets meet one at all times.
    const other = point === 'xdp' ? 'tcx' : 'xdp';
    if (existsSync(this.#pin(other, device))) this.#detach(other, device);
    this.#attached.set(device, { point, index });
  }

  #detach(point: AttachPoint, device: string): void {
    Attachment.takeOver(this.#pin(point, device)).detach();
    this.#attached.delete(device);
    this.#failed.delete(device);
  }

  #pin(point: AttachPoint, device: string): string {
    return join(this.#folder, `link-${point}-${device}`);
  }
}

function driverOf(device: string): string {
  try {
    return basename(readlinkSync(`/sys/class/net/${device}/device/driver`));
  } catch {
    return '';
  }
}
