import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Attachment, type AttachPoint } from '@evenkeel/flow/loader/attach.ts';
import type { Logger } from 'pino';
import { deviceIndex } from './routes.ts';

/** Drivers that hand frames to XDP before the kernel makes anything of them, and send what a program redirects. */
const NATIVE = new Set(['bnxt_en', 'ena', 'i40e', 'ice', 'igb', 'igc', 'ixgbe', 'mlx5_core']);

/** Programs at the devices of this node. The pins of their links, `link-<device>`, keep them when this process ends. */
export class Attachments {
  readonly #folder: string;
  readonly #program: (point: AttachPoint) => number;
  readonly #log: Logger;
  readonly #points = new Map<string, AttachPoint>();

  /** `program`: the one for a point, loaded when it is first asked for. */
  constructor(folder: string, program: (point: AttachPoint) => number, log: Logger) {
    this.#folder = folder;
    this.#program = program;
    this.#log = log;
  }

  /** By device. */
  get points(): ReadonlyMap<string, AttachPoint> {
    return this.#points;
  }

  /** Attaches to those that are new, or takes over what is there; detaches from others. Throws when one cannot be had. */
  set(devices: readonly string[]): void {
    for (const name of readdirSync(this.#folder)) {
      const [, point, device] = /^link-(xdp|tcx)-(.+)$/.exec(name) ?? [];
      if (point === undefined || device === undefined || devices.includes(device)) continue;
      this.#detach(point as AttachPoint, device);
    }
    for (const device of devices) if (!this.#points.has(device)) this.#attach(device);
  }

  #attach(device: string): void {
    const driver = driverOf(device);
    const wanted: AttachPoint = driver !== '' && NATIVE.has(driver) ? 'xdp' : 'tcx';
    const reason = driver === '' ? 'it has no driver of its own' : `its driver is ${driver}`;
    if (wanted === 'xdp') {
      try {
        this.#at('xdp', device);
        this.#log.info({ device, point: 'xdp', reason }, 'packets of a device are balanced in the kernel');
        return;
      } catch (error) {
        this.#log.warn({ err: error, device }, 'a device takes no program at xdp; trying tcx');
      }
    }
    this.#at('tcx', device);
    this.#log.info({ device, point: 'tcx', reason }, 'packets of a device are balanced in the kernel');
  }

  #at(point: AttachPoint, device: string): void {
    const other = point === 'xdp' ? 'tcx' : 'xdp';
    if (existsSync(this.#pin(other, device))) this.#detach(other, device);
    Attachment.attach(point, deviceIndex(device), this.#program(point), this.#pin(point, device)).close();
    this.#points.set(device, point);
  }

  #detach(point: AttachPoint, device: string): void {
    Attachment.takeOver(this.#pin(point, device)).detach();
    this.#points.delete(device);
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
