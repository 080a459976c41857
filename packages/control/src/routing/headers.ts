import { checkHeaderValue, HEADER_VARIABLES } from '@evenkeel/model/plan/header-variables.ts';
import { HeaderEdit } from '@evenkeel/model/resources/rule-edits.ts';
import { completed } from '@evenkeel/model/schema.ts';
import { refuseField } from '../problem.ts';

/** Of one connection alone (RFC 9110 §7.6.1), or what a message is framed by (RFC 9112 §6). */
const CONNECTION = [
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Why rules may not touch a header of requests, by its name in lower case; empty when they may (RUL-07). */
function reasonAgainstRequest(name: string): string {
  if (CONNECTION.includes(name)) return 'belongs to the connection, not to the request';
  if (name === 'host') return 'is changed by `rewrite`';
  if (name === 'expect') return 'is answered by the load balancer';
  if (name === 'cookie') return 'holds what clients stick to their target by';
  if (name === 'forwarded' || name.startsWith('x-forwarded-')) return 'is switched by `forwarding` of the listener';
  return '';
}

function reasonAgainstResponse(name: string): string {
  return CONNECTION.includes(name) ? 'belongs to the connection, not to the answer' : '';
}

/** The changes in one form; `at` is the pointer to the list. */
export function requestEdits(inputs: readonly object[], at: string): HeaderEdit[] {
  return inputs.map((input, i) => checked(completed(HeaderEdit, input), reasonAgainstRequest, `${at}/${i}`));
}

export function responseEdits(inputs: readonly object[], at: string): HeaderEdit[] {
  return inputs.map((input, i) => checked(completed(HeaderEdit, input), reasonAgainstResponse, `${at}/${i}`));
}

/** Refuses a header that a claim of a token goes into. */
export function checkClaimHeader(name: string, at: string): void {
  const reason = reasonAgainstRequest(name.toLowerCase());
  if (reason !== '') refuseField('validation-failed', at, reason);
}

function checked(edit: HeaderEdit, reasonAgainst: (name: string) => string, at: string): HeaderEdit {
  const reason = reasonAgainst(edit.name.toLowerCase());
  if (reason !== '') refuseField('validation-failed', `${at}/name`, reason);
  if (edit.operation === 'remove' && edit.value !== '') {
    refuseField('validation-failed', `${at}/value`, 'is not used by `remove`', '');
  }
  const variable = checkHeaderValue(edit.value);
  if (variable !== '') refuseField('validation-failed', `${at}/value`, variable, HEADER_VARIABLES);
  return edit;
}
