import type { ExplainedFate, ExplainedFlow, ExplainedTarget } from '@evenkeel/model/resources/explanation.ts';
import { NOTHING } from '../output/text.ts';
import { placeOf } from './columns.ts';

/** What the tables of the kernel say of a flow, line by line. */
export function flowText(flow: ExplainedFlow, targets: readonly ExplainedTarget[]): string {
  const nameOf = (id: string | null) => {
    const target = targets.find(({ targetId }) => targetId === id);
    return target === undefined ? (id ?? 'nobody') : placeOf(target);
  };
  const { slot, currentTargetId, previousTargetId, remembers, written, keptTargetId, opening, following } = flow;
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
    ...(flow.protocol === 'udp'
      ? [`a datagram: ${fateText(opening, nameOf)}`]
      : [`a SYN: ${fateText(opening, nameOf)}`, `in an open connection: ${fateText(following, nameOf)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function entryText(
  { targetId, state, idleSeconds, over }: NonNullable<ExplainedFlow['written']>,
  nameOf: (id: string | null) => string,
): string {
  return `at ${nameOf(targetId)}, ${state}, silent for ${idleSeconds} s${over ? ', which is too long: it counts no more' : ''}`;
}

function fateText({ outcome, targetId, reason }: ExplainedFate, nameOf: (id: string | null) => string): string {
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
