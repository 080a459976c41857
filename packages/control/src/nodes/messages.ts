import { isIP } from 'node:net';
import { NodeId } from '@evenkeel/model/identifiers.ts';
import { DATAPATHS } from '@evenkeel/model/plan/network.ts';
import { MOST_PEERS, PEER_STATES, type ReportedSharing, SHARING_STATES } from '@evenkeel/model/plan/sharing.ts';
import {
  EJECTION_REASONS,
  type FromAgent,
  type PortlessListener,
  type RefusedListener,
  type ReportedHealth,
  TARGET_HEALTH_STATES,
} from '@evenkeel/model/plan/stream.ts';

const NODE_ID = new RegExp((NodeId('') as { pattern?: string }).pattern!);
const TEXT = 500;
/** Kinds of things that a node can be out of. */
const RESOURCES = 16;
/** Listeners that can be named as under a flood, or without ports: more than the kernel has room for. */
const LISTENERS = 10_000;

/** What an agent says, checked. Null when it is not a message of the stream. */
export function parseMessage(text: string): FromAgent | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  switch (value['type']) {
    case 'hello':
      return isHello(value) ? value : null;
    case 'resync':
      return { type: 'resync' };
    case 'blocked':
      return { type: 'blocked' };
    case 'heartbeat':
      return {
        type: 'heartbeat',
        overload: wordsIn(value['overload'], RESOURCES),
        sharing: sharingIn(value['sharing']),
        floods: wordsIn(value['floods'], LISTENERS),
        ...(Array.isArray(value['portless']) && { portless: portlessIn(value['portless']) }),
        ...(isCount(value['connections']) && { connections: value['connections'] }),
        ...(isCount(value['kernelFlows']) && { kernelFlows: value['kernelFlows'] }),
        ...(isCount(value['denied']) && { denied: value['denied'] }),
      };
    case 'renew':
      return isText(value['publicKey']) && isText(value['proof'])
        ? { type: 'renew', publicKey: value['publicKey'], proof: value['proof'] }
        : null;
    case 'applied':
      return isCount(value['version']) && isListOf(value['refused'], isRefused) && areDatapaths(value['datapaths'])
        ? (value as unknown as FromAgent)
        : null;
    case 'health':
      return typeof value['complete'] === 'boolean' && isListOf(value['targets'], isReported)
        ? (value as unknown as FromAgent)
        : null;
    case 'answer':
      return isCount(value['id']) && ('problem' in value ? isText(value['problem']) : 'answer' in value)
        ? (value as unknown as FromAgent)
        : null;
    default:
      return null;
  }
}

/** Words that a newer agent may use are passed on as they are; what is no list of words says nothing. */
function wordsIn(value: unknown, most: number): string[] {
  return Array.isArray(value) && value.length <= most ? value.filter(isText) : [];
}

/** The same for listeners with counts. */
function portlessIn(value: readonly unknown[]): PortlessListener[] {
  if (value.length > LISTENERS) return [];
  const isOne = (one: unknown) => isRecord(one) && isText(one['listenerId']) && isCount(one['packets']);
  return (value.filter(isOne) as PortlessListener[]).map(({ listenerId, packets }) => ({ listenerId, packets }));
}

/** What makes no sense here says nothing. */
function sharingIn(value: unknown): ReportedSharing | null {
  if (!isRecord(value)) return null;
  const { state, reason, address, port, peers } = value;
  const isWhere = address === null ? port === null : isText(address) && isIP(address) !== 0 && isPort(port);
  const areWords = (SHARING_STATES as readonly unknown[]).includes(state) && isText(reason);
  const arePeers = isListOf(peers, isPeer) && (peers as unknown[]).length <= 2 * MOST_PEERS;
  return isWhere && areWords && arePeers ? (value as unknown as ReportedSharing) : null;
}

function isPeer({ node, state, reason, since }: Fields): boolean {
  return (
    typeof node === 'string' &&
    NODE_ID.test(node) &&
    (PEER_STATES as readonly unknown[]).includes(state) &&
    isText(reason) &&
    isCount(since)
  );
}

function isPort(value: unknown): boolean {
  return isCount(value) && value > 0 && value < 65_536;
}

type Fields = Record<string, unknown>;

function isHello(value: Fields): value is Fields & Extract<FromAgent, { type: 'hello' }> {
  return (
    typeof value['node'] === 'string' &&
    NODE_ID.test(value['node']) &&
    isText(value['zone']) &&
    isText(value['software']) &&
    isText(value['reactor']) &&
    isText(value['hash']) &&
    isCount(value['workers']) &&
    isCount(value['version']) &&
    (value['protocol'] === undefined || isCount(value['protocol'])) &&
    (value['kernel'] === undefined || isText(value['kernel'])) &&
    (value['capacity'] === undefined || isCapacity(value['capacity'])) &&
    (value['blockLists'] === undefined || isPosition(value['blockLists']))
  );
}

function isCapacity(value: unknown): boolean {
  return isRecord(value) && [value['cpus'], value['memory'], value['descriptors']].every(isCount);
}

function isPosition(value: unknown): boolean {
  return isRecord(value) && isCount(value['version']) && isText(value['nonce']);
}

function isRefused(value: Fields): value is Fields & RefusedListener {
  return isText(value['listenerId']) && isText(value['code']) && isText(value['detail']);
}

/** Agents of older versions say nothing of them. */
function areDatapaths(value: unknown): boolean {
  return (
    value === undefined ||
    isListOf(
      value,
      ({ listenerId, datapath, detail }) =>
        isText(listenerId) && (DATAPATHS as readonly unknown[]).includes(datapath) && isText(detail),
    )
  );
}

function isReported(value: Fields): value is Fields & ReportedHealth {
  return (
    isText(value['serviceId']) &&
    isText(value['targetId']) &&
    (TARGET_HEALTH_STATES as readonly unknown[]).includes(value['state']) &&
    isText(value['reason']) &&
    isCount(value['since']) &&
    isFlapping(value['flapping']) &&
    (value['traffic'] === undefined || (isRecord(value['traffic']) && isTraffic(value['traffic'])))
  );
}

/** Agents of older versions say nothing of it. */
function isFlapping(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (isRecord(value) && isCount(value['changes']) && isText(value['diagnosis']))
  );
}

function isTraffic({ ejected, share, failOpen }: Fields): boolean {
  if (!isCount(share) || share > 100 || typeof failOpen !== 'boolean') return false;
  if (ejected === null) return true;
  return (
    isRecord(ejected) &&
    (EJECTION_REASONS as readonly unknown[]).includes(ejected['reason']) &&
    isCount(ejected['since']) &&
    isCount(ejected['until']) &&
    isCount(ejected['times'])
  );
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, is: (item: Fields) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isRecord(item) && is(item));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TEXT;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
