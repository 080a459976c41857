/** The words of join tokens and nodes. They are apart from the schemas, so that a command line can have them at once. */

/** Whether a node can join with a token. */
export const JOIN_TOKEN_STATES = ['active', 'used-up', 'expired', 'revoked'] as const;

/** Whether a node is there, gives signs of life, and is a node at all. */
export const NODE_STATES = ['ready', 'not-ready', 'revoked'] as const;
