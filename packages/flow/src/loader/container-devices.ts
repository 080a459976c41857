import { libbpf } from './libbpf.ts';
import { attribute, attributesOf, NetlinkSocket, textOf } from './netlink.ts';

/** RTM_GET* of linux/rtnetlink.h, with the length of the structure that messages of each begin with. */
const GET_LINK = { type: 18, bytes: 16 };
const GET_QDISC = { type: 38, bytes: 20 };
/** IFLA_* and IFLA_INFO_KIND of linux/if_link.h. */
const LINK = { qdisc: 6, linkInfo: 18, extendedMask: 29, otherNamespace: 37, mostMtu: 51 } as const;
const INFO_KIND = 1;
/** TCA_KIND of linux/rtnetlink.h. */
const QDISC_KIND = 1;
const SKIP_STATISTICS = 1 << 3;
const IFF_UP = 1;

/** The kernel lowers it while the other end has a program at XDP, which packets that are handed over would pass by. */
const MTU_WITHOUT_XDP = 65_535;
/** BPF_TCX_EGRESS of linux/bpf.h. */
const TCX_EGRESS = 47;
const ENOENT = -2;

/**
 * The numbers of devices into containers of this machine: one end of a veth pair here, the other in another network
 * namespace. Only those are among them to whose other end packets may be handed past the device: none that shapes or
 * filters what leaves by it (a queueing discipline, programs at its egress), or whose other end has a program at XDP.
 */
export function containerDevices(): number[] {
  const socket = new NetlinkSocket();
  try {
    const filtered = new Set(socket.dump(GET_QDISC.type, Buffer.alloc(GET_QDISC.bytes)).filter(isFilter).map(numberOf));
    const links = socket.dump(GET_LINK.type, linkRequest()).filter(isHandedTo).map(numberOf);
    return links.filter((device) => !filtered.has(device) && !hasProgramAtEgress(device));
  } finally {
    socket.close();
  }
}

/** All veth devices, without their counters. */
function linkRequest(): Buffer {
  const kind = attribute(INFO_KIND, Buffer.from('veth'));
  const mask = Buffer.alloc(4);
  mask.writeUInt32LE(SKIP_STATISTICS);
  const attributes = [attribute(LINK.linkInfo, kind), attribute(LINK.extendedMask, mask)];
  return Buffer.concat([Buffer.alloc(GET_LINK.bytes), ...attributes]);
}

/** Of struct ifinfomsg and struct tcmsg alike. */
function numberOf(message: Buffer): number {
  return message.readInt32LE(4);
}

function isHandedTo(message: Buffer): boolean {
  const said = attributesOf(message, GET_LINK.bytes);
  const info = said.get(LINK.linkInfo);
  return (
    (message.readUInt32LE(8) & IFF_UP) !== 0 &&
    info !== undefined &&
    textOf(attributesOf(info).get(INFO_KIND)) === 'veth' &&
    said.has(LINK.otherNamespace) &&
    textOf(said.get(LINK.qdisc)) === 'noqueue' &&
    said.get(LINK.mostMtu)?.readUInt32LE(0) === MTU_WITHOUT_XDP
  );
}

function isFilter(message: Buffer): boolean {
  return textOf(attributesOf(message, GET_QDISC.bytes).get(QDISC_KIND)) === 'clsact';
}

/** Where the kernel does not say, there may be one. */
function hasProgramAtEgress(device: number): boolean {
  const count = Buffer.alloc(4);
  const result = libbpf().bpf_prog_query(device, TCX_EGRESS, 0, null, null, count);
  return result === ENOENT ? false : result < 0 || count.readUInt32LE(0) > 0;
}
