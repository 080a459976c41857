/** The words of the audit log and of events. They are apart from the schemas, so that a command line can have them at once. */

/** What became of a request to change something. */
export const AUDIT_OUTCOMES = ['done', 'refused', 'denied'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** How far an operation is. */
export const OPERATION_STATES = ['pending', 'applied', 'refused', 'cancelled'] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/** From the least to the most. */
export const EVENT_SEVERITIES = ['info', 'warning', 'critical'] as const;
export type EventSeverity = (typeof EVENT_SEVERITIES)[number];

/** What happens, and how much it matters. */
export const EVENTS = {
  'target.healthy': 'info',
  'target.unhealthy': 'warning',
  'listener.refused': 'critical',
  'listener.recovered': 'info',
  'operation.applied': 'info',
  'operation.refused': 'critical',
  'operation.cancelled': 'info',
  'certificate.expiring': 'warning',
  'certificate.expired': 'critical',
  'node.up': 'info',
  'node.down': 'warning',
  'node.lost': 'critical',
  'node.joined': 'info',
  'node.revoked': 'warning',
  'node.forgotten': 'info',
  'node.cordoned': 'info',
  'node.uncordoned': 'info',
  'drain.begun': 'info',
  'drain.ended': 'info',
  'drain.overdue': 'warning',
  'flood.begun': 'critical',
  'flood.ended': 'info',
  'denials.begun': 'warning',
  'denials.ended': 'info',
  'ports.exhausted': 'warning',
  'ports.available': 'info',
  'overload.begun': 'critical',
  'overload.ended': 'info',
  'backup.made': 'info',
  'backup.failed': 'critical',
  'webhook.disabled': 'warning',
  'webhook.test': 'info',
} as const satisfies Record<string, EventSeverity>;
export type EventKind = keyof typeof EVENTS;
export const EVENT_KINDS = Object.keys(EVENTS) as readonly EventKind[];
