import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { Change } from '../state/draft.ts';
import type { RecordOf } from '../state/records.ts';
import { findGroup, findRuleGroup, type State } from '../state/state.ts';
import type { OperationRecord } from '../store/history.ts';
import type { AuditEntry, Author } from './entry.ts';
import { recorded } from './recorded.ts';

/** Members of a group that one entry has in full, before and after; of the others it has the number. */
const MEMBERS = 20;

type About = Pick<AuditEntry, 'resource' | 'change' | 'before' | 'after'>;

/**
 * The entries of a write: one for each resource that it changed, or a single one when it changed nothing. Several
 * targets of a group, or rules of one, are one entry of that group. `states`: after the write and before it.
 */
export function entriesOf(
  changes: readonly Change[],
  { id: operationId, tenantId, generation, action, createdAt: at }: OperationRecord,
  author: Author,
  requestId: string,
  ids: { next(kind: 'auditEntry'): string },
  states: readonly State[],
): AuditEntry[] {
  const entry = (about: About): AuditEntry => ({
    id: ids.next('auditEntry'),
    at,
    tenantId,
    author,
    action,
    outcome: 'done',
    code: null,
    detail: '',
    requestId,
    operationId,
    generation,
    omitted: 0,
    ...about,
  });
  if (changes.length === 0) return [entry({ resource: null, change: null, before: null, after: null })];
  const gathered = Map.groupBy(changes, (change) => {
    const group = groupOf(change);
    return group === null ? change.id : `in ${group.id}`;
  });
  return Array.from(gathered.values(), (together) => {
    const [first] = together;
    return entry(together.length === 1 ? aboutOne(first!) : aboutMembers(together, groupOf(first!)!, states));
  });
}

function aboutOne({ kind, id, before, after }: Change): About {
  return {
    resource: { kind, id, name: (after ?? before)!.name },
    change: before === null ? 'created' : after === null ? 'deleted' : 'updated',
    before: before && recorded(before, null),
    after: after && recorded(after, before),
  };
}

function aboutMembers(changes: readonly Change[], { kind, id }: Group, states: readonly State[]): About {
  const part = kind === 'targetGroup' ? 'targets' : 'rules';
  const before = changes.flatMap((change) => (change.before === null ? [] : { ...change, before: change.before }));
  const after = changes.flatMap((change) => (change.after === null ? [] : { ...change, after: change.after }));
  return {
    resource: { kind, id, name: nameOf(kind, id, states) },
    change: 'updated',
    before: listed(part, before, (change) => recorded(change.before, null)),
    after: listed(part, after, (change) => recorded(change.after, change.before)),
  };
}

function listed<T>(part: string, members: readonly T[], show: (member: T) => string): string | null {
  if (members.length === 0) return null;
  const shown = members.slice(0, MEMBERS).map(show).join(',');
  return `{"${part}":[${shown}],"more":${Math.max(0, members.length - MEMBERS)}}`;
}

interface Group {
  readonly kind: Extract<ResourceKind, 'targetGroup' | 'ruleGroup'>;
  readonly id: string;
}

/** Of what there may be thousands in one call: the group that it is in. */
function groupOf({ kind, before, after }: Change): Group | null {
  if (kind === 'target') return { kind: 'targetGroup', id: ((after ?? before) as RecordOf['target']).targetGroupId };
  if (kind === 'rule') return { kind: 'ruleGroup', id: ((after ?? before) as RecordOf['rule']).ruleGroupId };
  return null;
}

function nameOf(kind: Group['kind'], id: string, states: readonly State[]): string {
  for (const state of states) {
    const found = kind === 'targetGroup' ? findGroup(state, id) : findRuleGroup(state, id);
    if (found !== null) return found.group.name;
  }
  return '';
}
