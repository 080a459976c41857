/** The words of the audit log and of events. They are apart from the schemas, so that a command line can have them at once. */

/** What became of a request to change something. */
export const AUDIT_OUTCOMES = ['done', 'refused', 'denied'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];
