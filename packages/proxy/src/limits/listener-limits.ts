import { type PlannedLimits, STANDARD_LIMITS } from '@evenkeel/model/plan/limits.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { Limit, NO_LIMIT } from './limit.ts';
import { SourceLimits } from './source-limits.ts';

const most = (limit: number | null): number => limit ?? Number.POSITIVE_INFINITY;

/** The limits of a listener as sessions ask for them: compiled when the plan changes. Times in milliseconds. */
export class ListenerLimits {
  /** Longest waits for a client; all of them end with the listener's `idleTimeout` at the latest. */
  readonly requestWait: number;
  readonly bodyWait: number;
  readonly sendWait: number;
  /** What one byte of a body or response is worth at the lowest rate that is allowed; infinite: there is none. */
  readonly perByte: number;
  /** Infinite, here and below, where there is no limit. */
  readonly connections: number;
  readonly connectionsPerSecond: number;
  readonly requestsPerSecond: number;
  readonly requestsPerConnection: number;
  readonly bodySize: number;
  readonly headerSize: number;
  /** Whether there is more to ask of a head than what the parser asks of all. */
  readonly asksOfHeads: boolean;
  /** Whether requests may be refused by a limit that the listener need not have. */
  readonly asksOfRequests: boolean;
  /** null: no source is limited. */
  readonly sources: SourceLimits | null;
  readonly #headerCount: number;
  readonly #targetLength: number;

  constructor(planned: PlannedListener) {
    const { idleTimeout, limits: given } = planned;
    const limits: PlannedLimits = given ?? STANDARD_LIMITS;
    this.requestWait = Math.min(idleTimeout, limits.keepAliveTimeout);
    this.bodyWait = Math.min(idleTimeout, limits.bodyTimeout);
    this.sendWait = Math.min(idleTimeout, limits.sendTimeout);
    this.perByte = limits.minimumRate === null ? Number.POSITIVE_INFINITY : 1_000 / limits.minimumRate;
    this.connections = most(limits.connections);
    this.connectionsPerSecond = most(limits.connectionsPerSecond);
    this.requestsPerSecond = most(limits.requestsPerSecond);
    this.requestsPerConnection = limits.keepAliveTimeout === 0 ? 1 : most(limits.requestsPerConnection);
    this.bodySize = most(limits.bodySize);
    this.headerSize = limits.headerSize;
    this.#headerCount = limits.headerCount;
    this.#targetLength = limits.targetLength;
    const { headerSize, headerCount, targetLength } = STANDARD_LIMITS;
    this.asksOfHeads =
      limits.headerSize < headerSize || limits.headerCount < headerCount || limits.targetLength < targetLength;
    this.sources = SourceLimits.of(planned);
    this.asksOfRequests =
      planned.bandwidth !== undefined ||
      limits.requestsPerSecond !== null ||
      (this.sources !== null && this.sources.requests !== null) ||
      (planned.loadBalancerLimits !== undefined && planned.loadBalancerLimits.requestsPerSecond !== null);
  }

  /** The limit that this head is beyond; `NO_LIMIT`: none. The target alone is judged first, as it has its own status. */
  beyond(head: RequestHead): Limit | typeof NO_LIMIT {
    if (head.targetEnd - head.targetStart > this.#targetLength) return Limit.targetLength;
    if (head.end - head.methodStart > this.headerSize) return Limit.headerSize;
    return head.fields.count > this.#headerCount ? Limit.headerCount : NO_LIMIT;
  }
}
