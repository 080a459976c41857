import type { ResourceLimits } from 'node:worker_threads';

/**
 * How a worker's heap is divided, in MiB. What requests allocate dies young, and a worker has all its other memory by the
 * end of its first minute; without a bound V8 would double the room for young objects now and then for as long as the
 * process runs, whenever enough of them have outlived a collection, as they do when plans change. A third of it is one of
 * the two semi-spaces: 8 MiB, as much as they are grown to in the first seconds of traffic.
 */
export const WORKER_HEAP: ResourceLimits = { maxYoungGenerationSizeMb: 24 };
