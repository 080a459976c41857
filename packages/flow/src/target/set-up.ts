import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { objectPath } from '../build/compile.ts';
import { Attachment, type AttachPoint } from '../loader/attach.ts';
import { ensureBpfFileSystem } from '../loader/bpffs.ts';
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
 * exchanges the program; no packet is lost. Throws DatapathUnavailable where the kernel or the permissions are missing.
 */
export function setUpTunnelEnd({ device, vips, balancers, attach, bpfFileSystem }: TunnelSettings): void {
  const number = deviceNumber(device);
  ensureBpfFileSystem(bpfFileSystem);
  const pinFolder = pinsOf(bpfFileSystem, device);
  mkdirSync(pinFolder, { recursive: true });
  using object = LoadedObject.load(objectPath(`target-${attach}`), { pinFolder });
  const end = new TunnelEnd(object);
  end.setVips(vips);
  end.setBalancers(balancers);
  const link = join(pinFolder, `link-${attach}`);
  Attachment.attach(attach, number, object.program(`decapsulate_${attach}`), link).close();
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

function deviceNumber(device: string): number {
  // Of this network namespace, which is not always the one that /sys was mounted in. Without IPv6 there is no such list.
  const known = new Map(readdirSync('/proc/net/dev_snmp6').map(numberOf));
  const number = known.get(device);
  if (number === undefined) throw new Error(`no device ${device}; there are ${[...known.keys()].join(', ')}`);
  return number;
}

function numberOf(device: string): [string, number] {
  const text = readFileSync(`/proc/net/dev_snmp6/${device}`, 'utf8');
  return [device, Number(text.match(/^ifIndex\s+(\d+)/m)![1])];
}
