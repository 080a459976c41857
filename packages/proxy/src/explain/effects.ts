import type { PlannedHttp } from '@evenkeel/model/plan/http.ts';
import type { PlannedHeaderEdit, PlannedRule } from '@evenkeel/model/plan/rules.ts';
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
    for (const edit of edits) changes.push(`${side} header: ${editText(edit)}`);
  }
  if (mirror !== null) changes.push(`${mirror.percent} % are copied to ${mirror.serviceId}`);
  return changes;
}

/** What a listener changes of answers, in words; empty when nothing. */
export function listenerChanges(http: PlannedHttp | null): string[] {
  const changes = (http?.responseHeaders ?? []).map((edit) => `response header, by the listener: ${editText(edit)}`);
  if (http?.relativeRedirects === true) changes.push('redirects to the host that was asked for lose scheme and host');
  return changes;
}

function editText({ operation, name, value }: PlannedHeaderEdit): string {
  return `${operation} ${name}${operation === 'remove' ? '' : `: ${value}`}`;
}

/** The value of the Location line in the head of an answer; empty when there is none. */
export function locationIn({ memory, start, end }: InsertBlock): string {
  const head = Buffer.from(memory.buffer, memory.byteOffset + start, end - start).toString('latin1');
  return /^Location: (.*)\r$/m.exec(head)?.[1] ?? '';
}
