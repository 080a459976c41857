import { WAIT } from '@evenkeel/model/limits.ts';
import type { Operation } from '@evenkeel/model/resources/operation.ts';
import type { Client } from './client.ts';

export interface WaitOptions {
  /** Longest wait in milliseconds; default 60,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/**
 * Waits until every node has acknowledged the write, or the timeout has passed. Look at the operation's `status`:
 * `applied` (`leftOut` names nodes that were away for long), `refused` (a node cannot run a listener; `nodes` says why) or
 * still `pending`.
 */
export async function waitApplied(client: Client, operationId: string, options: WaitOptions = {}): Promise<Operation> {
  const deadline = performance.now() + (options.timeout ?? 60_000);
  for (;;) {
    const left = Math.max(0, deadline - performance.now());
    const operation = await client.getOperation({
      params: { operationId },
      query: { wait: 'applied', timeout: Math.min(WAIT.maximum, Math.ceil(left / 1_000)) },
      ...(options.signal && { signal: options.signal }),
    });
    if (operation.status !== 'pending' || performance.now() >= deadline) return operation;
  }
}
