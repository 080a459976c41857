import type { PlannedRule } from '@evenkeel/model/plan/rules.ts';
import type { InsertBlock } from '../http1/insert-block.ts';

/** What a rule changes of a request and its response, in words; empty when nothing. */
export function changesOf(rule: PlannedRule): string[] {
  const { rewrite, mirror, jwt, requestHeaders, responseHeaders } = rule;
  const changes: string[] = [];
  if (jwt !== null) changes.push('asks for a signed token (JWT)');
  if (rewrite?.host != null) changes.push(`host becomes ${rewrite.host}`);
  if (rewrite?.path != null) {
    const { kind, pattern, replacement } = rewrite.path;
    const what =
      kind === 'regex' ? `what ${pattern} matches of the path` : kind === 'prefix' ? 'the prefix' : 'the path';
    changes.push(`${what} becomes ${replacement}`);
  }
  for (const [side, edits] of [
    ['request', requestHeaders],
    ['response', responseHeaders],
  ] as const) {
    for (const { operation, name, value } of edits) {
      changes.push(`${side} header: ${operation} ${name}${operation === 'remove' ? '' : `: ${value}`}`);
    }
  }
  if (mirror !== null) changes.push(`${mirror.percent} % are copied to ${mirror.serviceId}`);
  return changes;
}

/** The value of the Location line in the head of an answer; empty when there is none. */
export function locationIn({ memory, start, end }: InsertBlock): string {
  const head = Buffer.from(memory.buffer, memory.byteOffset + start, end - start).toString('latin1');
  return /^Location: (.*)\r$/m.exec(head)?.[1] ?? '';
}
