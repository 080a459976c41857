import type { Logger } from 'pino';
import type { NodeRegistry } from '../nodes/registry.ts';
import type { Store } from '../store/store.ts';
import { PlacementKeeper } from './keeper.ts';

/** Has the store place load balancers on these nodes. `draining`: drained nodes, or their deadlines, may be further. */
export function keepPlacement(
  store: Store,
  nodes: NodeRegistry,
  hasJoined: (node: string) => boolean,
  logger: Logger,
  draining: () => void,
): PlacementKeeper {
  const keeper = new PlacementKeeper({
    store,
    nodes,
    hasJoined,
    now: Date.now,
    draining,
    failed: (error) => logger.error({ err: error }, 'load balancers could not be placed anew'),
  });
  store.placeBy(keeper.place);
  return keeper;
}
