import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { objectPath } from '../build/compile.ts';
import { Attachment, type AttachPoint } from '../loader/attach.ts';
import { ensureBpfFileSystem } from '../loader/bpffs.ts';
import { deviceOf } from '../loader/device.ts';
import { deviceNames } from '../loader/device-names.ts';
import { LoadedObject } from '../loader/object.ts';
import { TunnelEnd } from './tunnel-end.ts';

export interface TunnelSettings {
  readonly device: string;
  readonly vips: readonly string[];
  /** The addresses that balancers send tunnels from. */
  readonly balancers: readonly string[];
  readonly attach: AttachPoint;
  /** A BPF file system, /sys/fs/bpf unless told; what is pinned there lasts until the machine starts anew. */
  readonly bpfFileSystem: string;
}

/**
 * Makes this host the end of tunnels, without any process that has to stay. Given again, it changes the addresses and
 * exchanges the program; no packet is lost. Rejects with DatapathUnavailable where the kernel or the permissions are missing.
 */
export async function setUpTunnelEnd(settings: TunnelSettings): Promise<void> {
  const { device, vips, balancers, attach, bpfFileSystem } = settings;
  const number = deviceNumber(device);
  ensureBpfFileSystem(bpfFileSystem);
  const pinFolder = pinsOf(bpfFileSystem, device);
  mkdirSync(pinFolder, { recursive: true });
  using object = LoadedObject.load(objectPath(`target-${attach}`), { pinFolder });
  const end = new TunnelEnd(object);
  end.setVips(vips);
  end.setBalancers(balancers);
  const link = join(pinFolder, `link-${attach}`);
  (await Attachment.attach(attach, number, object.program(`decapsulate_${attach}`), link)).close();
  // The other way of attaching, of an earlier call.
  for (const name of readdirSync(pinFolder)) {
    if (name.startsWith('link-') && name !== `link-${attach}`) rmSync(join(pinFolder, name));
  }
}

/** Whether there was something to take down. */
export function takeDownTunnelEnd(device: string, bpfFileSystem: string): boolean {
  const pinFolder = pinsOf(bpfFileSystem, device);
  const isThere = existsSync(pinFolder);
  rmSync(pinFolder, { recursive: true, force: true });
  return isThere;
}

function pinsOf(bpfFileSystem: string, device: string): string {
  return join(bpfFileSystem, `evenkeel-target-${device.replaceAll('.', '-')}`);
}

function deviceNumber(name: string): number {
  const device = deviceOf(name);
  if (device === null) throw new Error(`no device ${name}; there are ${deviceNames().join(', ')}`);
  if (!device.isEthernet) throw new Error(`device ${name} has frames without an Ethernet header`);
  return device.index;
}
