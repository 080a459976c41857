import type {
  ExplainedFate,
  ExplainedFlow,
  ExplainedPoint,
  ExplainedTarget,
} from '@evenkeel/model/resources/explanation.ts';
import { NOTHING } from '../output/text.ts';
import { placeOf } from './columns.ts';

const MOST_DEVICES = 8;
type NameOf = (id: string | null) => string;

/** What the tables of the kernel say of a flow, line by line. */
export function flowText(flow: ExplainedFlow, targets: readonly ExplainedTarget[]): string {
  const nameOf = (id: string | null) => {
    const target = targets.find(({ targetId }) => targetId === id);
    return target === undefined ? (id ?? 'nobody') : placeOf(target);
  };
  const { slot, currentTargetId, previousTargetId, remembers, written, keptTargetId } = flow;
  const { nodeAddress, nodePort } = flow;
  const changed = currentTargetId === previousTargetId ? '' : `, before ${nameOf(previousTargetId)}`;
  const lines = [
    `${flow.protocol} from ${endpoint(flow.client, flow.clientPort)} to ${endpoint(flow.vip, flow.vipPort)}`,
    slot === null ? 'no table yet' : `slot ${slot}: ${nameOf(currentTargetId)}${changed}`,
    `written down: ${written === null ? (remembers ? 'no' : 'no, and nothing needs to be') : entryText(written, nameOf)}`,
    ...(keptTargetId === null ? [] : [`kept by its source address at ${nameOf(keptTargetId)}`]),
    ...(nodePort == null || nodeAddress == null
      ? []
      : [`by source NAT, the target sees ${endpoint(nodeAddress, nodePort)}`]),
    ...fateLines(flow, nameOf),
  ];
  return `${lines.join('\n')}\n`;
}

/** By the point that packets come in by, where that makes a difference. */
function fateLines({ protocol, points = [], ...flow }: ExplainedFlow, nameOf: NameOf): string[] {
  const linesOf = ({ opening, following }: Pick<ExplainedFlow, 'opening' | 'following'>) =>
    protocol === 'udp'
      ? [`a datagram: ${fateText(opening, nameOf)}`]
      : [`a SYN: ${fateText(opening, nameOf)}`, `in an open connection: ${fateText(following, nameOf)}`];
  const fates = points.map((one) => ({ where: whereText(one), lines: linesOf(one) }));
  if (new Set(fates.map(({ lines }) => lines.join())).size > 1) {
    return fates.flatMap(({ where, lines }) => lines.map((line) => `${where}, ${line}`));
  }
  return [...linesOf(flow), ...(fates.length === 0 ? [] : [fates.map(({ where }) => where).join('; ')])];
}

/** Nodes may have hundreds of devices. */
function whereText({ point, devices }: ExplainedPoint): string {
  const named = devices.slice(0, MOST_DEVICES).join(', ');
  const rest = devices.length - MOST_DEVICES;
  return `at ${point} of ${named}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function entryText(
  { targetId, state, idleSeconds, over }: NonNullable<ExplainedFlow['written']>,
  nameOf: NameOf,
): string {
  return `at ${nameOf(targetId)}, ${state}, silent for ${idleSeconds} s${over ? ', which is too long: it counts no more' : ''}`;
}

function fateText({ outcome, targetId, reason }: ExplainedFate, nameOf: NameOf): string {
  switch (outcome) {
    case 'forward':
      return `to ${nameOf(targetId)}`;
    case 'drop':
      return `dropped, ${reason || NOTHING}`;
    case 'challenge':
      return 'answered by a challenge';
    case 'reset':
      return 'answered by a RST';
  }
}

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
