/**
 * A part of the block lists, from the control plane to an agent that has acknowledged the part before with `blocked`.
 * A list belongs to a tenant.
 */
export interface BlockListMessage {
  readonly type: 'block-list';
  /** Everything from before is to be forgotten first. */
  readonly reset: boolean;
  /** What the agent has once this is in; `version` 0: it has yet to get more before it has something whole. */
  readonly position: BlockListPosition;
  readonly tenantId: string;
  /** Packed changes (see block-list/entries.ts) in base64. */
  readonly entries: string;
}

/** A place in the history of the block lists: `nonce` tells two histories with the same numbers apart. */
export interface BlockListPosition {
  readonly version: number;
  readonly nonce: string;
}

export const NO_POSITION: BlockListPosition = { version: 0, nonce: '' };

/** Bytes of changes in one part, before base64. */
export const PART_BYTES = 262_144;

/**
 * The deny list of the installation goes the same way, as two lists that have these names in the place of a tenant: whoever
 * is in the first may not connect to any listener, but for those who are in the second.
 */
export const DENY_LISTS = { denied: '*denied', allowed: '*allowed' } as const;

/** Whether a list is of no tenant. */
export function isOfInstallation(list: string): boolean {
  return list === DENY_LISTS.denied || list === DENY_LISTS.allowed;
}

/** Who is in the second list on every node, whatever is sent: what a machine says to itself. */
export const ALWAYS_ALLOWED = ['127.0.0.0/8', '::1/128'] as const;
