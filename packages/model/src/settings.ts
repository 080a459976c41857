/** The words of settings that have no place in plans. They are apart from the schemas, so that a command line can have them at once. */

/** What is done with `X-Forwarded-For` (SRC-02). */
export const CLIENT_ADDRESS_FIELDS = ['append', 'replace', 'off'] as const;

/** Versions of the PROXY protocol that targets may get (SRC-03). */
export const PROXY_PROTOCOLS = ['none', 'v1', 'v2'] as const;

/** Who keeps a client with its target (STK-01, STK-05). */
export const STICKINESS_TYPES = ['none', 'cookie', 'application-cookie', 'source-ip'] as const;
