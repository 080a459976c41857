/** What the configuration knows of nodes, as far as load balancers are placed by it. */

/** A node as placement sees it. `zone`: as it names it, or that of nodes that name none. */
export interface FleetNode {
  readonly id: string;
  readonly zone: string;
  /** It has been away for so long that others take its place. */
  readonly gone: boolean;
}

/**
 * A load balancer on its way from some nodes to others: those it leaves keep it until the others have it. With nobody in
 * `to`, nodes that are drained leave it to those of their zones that have it already.
 */
export interface Handover {
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** What those that are to have it have to acknowledge. */
  readonly generation: number;
}

export interface Placement {
  /** By name: all nodes, while there is a load balancer that is placed on a number of them; else none. */
  readonly fleet: ReadonlyMap<string, FleetNode>;
  /** By load balancer. */
  readonly handovers: ReadonlyMap<string, Handover>;
  /** The last that changed any of this. */
  readonly generation: number;
}

/** Every node has every load balancer of its zone. */
export const PLACED_EVERYWHERE: Placement = { fleet: new Map(), handovers: new Map(), generation: 0 };

/** Zeroes and empty lists are the same as nothing said. */
export function toText({ fleet, handovers, generation }: Placement): string {
  return JSON.stringify({ fleet: [...fleet.values()], handovers: [...handovers], generation });
}

export function fromText(text: string): Placement {
  const { fleet, handovers, generation } = JSON.parse(text) as {
    readonly fleet: readonly FleetNode[];
    readonly handovers: readonly (readonly [string, Handover])[];
    readonly generation: number;
  };
  return { fleet: new Map(fleet.map((node) => [node.id, node])), handovers: new Map(handovers), generation };
}
