import { Target } from '../upstream/target.ts';
import type { WorkerService } from './messages.ts';
import type { WorkerRows } from './worker-rows.ts';

/**
 * The targets of a service as it is from now on. One that was there before at the same address and port is the same
 * object, with its connections, and is taken out of `before`: what is left there has to go.
 */
export function targetsOf(
  serviceId: string,
  { targets, table }: Pick<WorkerService, 'targets' | 'table'>,
  before: Map<string, Target>,
  rows: Pick<WorkerRows, 'target' | 'connections'>,
): Target[] {
  return targets.map(({ id, address, port, slot }) => {
    const same = before.get(id);
    if (same !== undefined && same.endpoint.address === address && same.endpoint.port === port) {
      before.delete(id);
      return same;
    }
    return new Target(id, serviceId, { address, port }, rows.target(slot), table.load, rows.connections, slot);
  });
}
