import { hashText } from '@evenkeel/model/hashing/murmur3.ts';
import type { PlannedRate } from '@evenkeel/model/plan/limits.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { SourceRate } from './source-table.ts';

/** What one source may do at a listener, as it is asked for: compiled when the plan changes. null: any number. */
export class SourceLimits {
  readonly connections: SourceRate | null;
  readonly requests: SourceRate | null;
  /** Of datagrams alone: what packets TCP sends is not seen here. */
  readonly packets: SourceRate | null;

  /** null: the listener limits no source. */
  static of({ id, sourceLimits: planned }: PlannedListener): SourceLimits | null {
    if (planned === undefined) return null;
    return new SourceLimits(
      rateOf(id, 'connections', planned.connections),
      rateOf(id, 'requests', planned.requests),
      rateOf(id, 'packets', planned.packets),
    );
  }

  private constructor(connections: SourceRate | null, requests: SourceRate | null, packets: SourceRate | null) {
    this.connections = connections;
    this.requests = requests;
    this.packets = packets;
  }
}

/** Another rate has other buckets, as what was taken of one means nothing for the other. */
function rateOf(listenerId: string, kind: keyof SourceLimits, planned: PlannedRate | null): SourceRate | null {
  if (planned === null) return null;
  const { perSecond, burst } = planned;
  return { perSecond, burst, key: hashText(`${listenerId} ${kind} ${perSecond} ${burst}`, 0) };
}
