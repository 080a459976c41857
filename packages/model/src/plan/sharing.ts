/** How nodes of a zone find each other to share the flows that they have written down; see the agent's `sharing`. */

/** Other nodes that one shares flows with; those after them in order of names are none of it. */
export const MOST_PEERS = 32;

/** Where a node hears other nodes of its zone. */
export interface SharingPeer {
  readonly node: string;
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  readonly port: number;
  /** Whether it knows the keys of the zone; absent or false: only one that comes from the token that nodes share. */
  readonly takesZoneKeys?: boolean;
}

/** What the control plane says to a node that shares flows: with whom. The list is always complete. */
export interface PeersMessage {
  readonly type: 'peers';
  readonly peers: readonly SharingPeer[];
}

export const SHARING_STATES = ['joining', 'sharing', 'failed'] as const;
/**
 * `joining`: it has yet to learn what the others know; `sharing`: it knows what those know that it is connected to;
 * `failed`: other nodes cannot reach it.
 */
export type SharingState = (typeof SHARING_STATES)[number];

export const PEER_STATES = ['connected', 'unreachable'] as const;
export type PeerState = (typeof PEER_STATES)[number];

/** How a node stands with the others; it says so while the kernel carries listeners there. */
export interface ReportedSharing {
  readonly state: SharingState;
  /** Why it has failed; else empty. */
  readonly reason: string;
  /** null while it does not listen. */
  readonly address: string | null;
  readonly port: number | null;
  readonly peers: readonly ReportedPeer[];
}

export interface ReportedPeer {
  readonly node: string;
  readonly state: PeerState;
  /** Why it is unreachable; else empty. */
  readonly reason: string;
  /** Unix milliseconds: since when. */
  readonly since: number;
}
