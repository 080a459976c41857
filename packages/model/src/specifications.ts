/** What a load balancer may take on a node, over all of its listeners; null: as much as there is. */
export interface SpecificationLimits {
  /** TCP connections, and sessions of UDP, at a time. */
  readonly connections: number | null;
  readonly connectionsPerSecond: number | null;
  /** Of HTTP. */
  readonly requestsPerSecond: number | null;
}

export interface BuiltInSpecification extends SpecificationLimits {
  readonly id: string;
  readonly description: string;
}

/** The one of load balancers that name none. */
export const UNLIMITED: BuiltInSpecification = {
  id: 'unlimited',
  connections: null,
  connectionsPerSecond: null,
  requestsPerSecond: null,
  description: 'What the node has.',
};

const of = (
  id: string,
  connections: number,
  connectionsPerSecond: number,
  requestsPerSecond: number,
  description: string,
): BuiltInSpecification => ({ id, connections, connectionsPerSecond, requestsPerSecond, description });

/** Those that come with the product, from the smallest (BIL-07); administrators add others. */
export const BUILT_IN_SPECIFICATIONS: readonly BuiltInSpecification[] = [
  UNLIMITED,
  of('shared', 50_000, 5_000, 5_000, 'As shared instances of clouds have it.'),
  of('standard', 100_000, 10_000, 10_000, 'Twice a shared one.'),
  of('advanced-1', 200_000, 20_000, 20_000, ''),
  of('advanced-2', 500_000, 50_000, 30_000, ''),
  of('super-1', 1_000_000, 100_000, 50_000, ''),
  of('super-2', 2_000_000, 200_000, 100_000, ''),
  of('super-3', 5_000_000, 500_000, 200_000, ''),
];

/** The built-in one with the name; null: there is none. */
export function builtInSpecification(name: string): BuiltInSpecification | null {
  return BUILT_IN_SPECIFICATIONS.find(({ id }) => id === name) ?? null;
}
