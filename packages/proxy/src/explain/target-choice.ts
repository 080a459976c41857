import { resilienceOf } from '@evenkeel/model/plan/resilience.ts';
import type { ExplainedStickiness } from '@evenkeel/model/resources/explanation.ts';
import { HELD_WHOLE } from '../balance/held.ts';
import type { BalanceTable } from '../balance/table.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { newRetryBudget } from '../retry/budget.ts';
import { RetryPolicy } from '../retry/policy.ts';
import type { Client } from '../source-address/client.ts';
import type { StickTableMemory } from '../stickiness/stick-table.ts';
import { stickyService } from '../stickiness/sticky-service.ts';
import { pickSticky, StickyVisit } from '../stickiness/sticky-visit.ts';
import { Service } from '../upstream/service.ts';
import type { WorkerService } from '../worker/messages.ts';
import type { JudgingRoom } from './judging-room.ts';

/** What a service makes of a client. */
export interface TargetChoice {
  readonly clientHash: number;
  /** By target, in the order of the service. */
  readonly targets: readonly ChoosableTarget[];
  /** null: nobody can be chosen. */
  readonly chosen: string | null;
  readonly stickiness: ExplainedStickiness | null;
  readonly because: string;
}

export interface ChoosableTarget {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly candidate: boolean;
  readonly keepsClients: boolean;
  readonly underWay: number;
}

/**
 * Which target a client would get now, by the code and the tables of the workers, over copies of what choosing changes:
 * nobody's turn is taken and no client is remembered. `head`: null for a connection.
 */
export function chooseTarget(
  service: WorkerService,
  client: Client,
  head: RequestHead | null,
  room: JudgingRoom,
): TargetChoice {
  const table = copyOf(service.table);
  const { planned } = service;
  const copied: WorkerService = { ...service, table, clients: copyOfClients(service.clients) };
  const sticky = planned.stickiness === null ? null : stickyService(copied, null, room);
  const retry = new RetryPolicy(resilienceOf(planned).retry, newRetryBudget());
  const acting = new Service(planned, [], table, sticky, null, retry, room.reactor, null);
  const visit = sticky === null ? null : new StickyVisit(room);
  if (sticky !== null && head !== null) visit?.readRequest(sticky, head.fields, client.remoteAddress);
  else if (sticky !== null) visit?.readConnection(sticky, client.remoteAddress);
  const { requestHash } = acting;
  const hash = requestHash === null || head === null ? client.hash : requestHash.read(room.memory, head);
  const index = pickSticky(acting, visit, hash, -1, -1);
  const candidates = new Set(table.candidates);
  // Those that are ejected are candidates of the table, and passed over.
  const isInTraffic = (slot: number) => Atomics.load(table.held, slot) < HELD_WHOLE;
  const targets = service.targets.map(({ id, address, port, slot }, place) => ({
    id,
    address,
    port,
    candidate: candidates.has(place) && isInTraffic(slot),
    keepsClients: table.keeps[place] === 1 && isInTraffic(slot),
    underWay: Atomics.load(table.load, slot),
  }));
  const belongs = visit === null ? -1 : visit.belongsTo;
  const known =
    belongs < 0 || sticky === null ? -1 : service.targets.findIndex((_, at) => sticky.number(at) === belongs);
  const stickiness = planned.stickiness && {
    type: planned.stickiness.type,
    targetId: service.targets[known]?.id ?? null,
    why: wordsOfVisit(belongs, known, targets, planned.stickiness.type),
  };
  const kept = known >= 0 && known === index;
  return {
    clientHash: hash,
    targets,
    chosen: service.targets[index]?.id ?? null,
    stickiness,
    because: kept ? 'the client belongs to it' : wordsOfChoice(service, table, index, visit?.hasKey === true),
  };
}

function wordsOfVisit(belongs: number, known: number, targets: readonly ChoosableTarget[], type: string): string {
  const means = type === 'source-ip' ? 'address' : 'cookie';
  if (belongs < 0) {
    return type === 'cookie'
      ? 'the request has no cookie of this service, or none that is good'
      : `the client's ${means} is not there, or not known on this node (any more)`;
  }
  if (known < 0) return `the ${means} means a target that is not there any more`;
  return targets[known]!.keepsClients
    ? `the ${means} means this target`
    : `the ${means} means this target, which takes no clients of its own now`;
}

function wordsOfChoice({ planned }: WorkerService, table: BalanceTable, index: number, byKey: boolean): string {
  if (index < 0) return 'no target takes new traffic';
  if (byKey) return "the client's key decides, by the hash table that all nodes have alike";
  const count = table.candidates.length;
  switch (planned.algorithm) {
    case 'round-robin':
      return `it has the next turn of ${table.sequence.length} in the schedule, if no other request comes before`;
    case 'least-connections':
      return `of ${count} candidates, it has the least under way per weight`;
    case 'hash':
      return `the ${planned.hash?.key ?? 'uri'} of the request decides, by a hash table that all nodes have alike`;
    case 'source-ip':
      return "the client's address decides, by the hash table that all nodes have alike";
    default:
      return `${planned.algorithm} would choose it now, of ${count} candidates`;
  }
}

/** With a cursor of its own, so that no turn is taken. */
function copyOf(table: BalanceTable): BalanceTable {
  return { ...table, cursor: Int32Array.of(Atomics.load(table.cursor, 0)) };
}

function copyOfClients(clients: StickTableMemory | null): StickTableMemory | null {
  return clients && { control: Int32Array.from(clients.control), entries: Float64Array.from(clients.entries) };
}
