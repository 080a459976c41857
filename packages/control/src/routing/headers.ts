import { checkHeaderValue, HEADER_VARIABLES } from '@evenkeel/model/plan/header-variables.ts';
import { HeaderEdit } from '@evenkeel/model/resources/rule-edits.ts';
import { completed } from '@evenkeel/model/schema.ts';
import { refuseField } from '../problem.ts';

/** Of one connection alone (RFC 9110 §7.6.1), or what a message is framed by (RFC 9112 §6). */
const CONNECTION = [
  'connection',
  'content-length',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/**
 * Why rules may not touch a header, as the rest of a sentence; empty when they may. `_` counts as `-`: programs
 * behind CGI and the like cannot tell them apart.
 */
function reasonAgainst(header: string): string {
  const name = header.toLowerCase().replaceAll('_', '-');
  if (CONNECTION.includes(name)) return 'belongs to the connection, not to the message';
  if (name === 'host') return 'is changed by `rewrite`';
  if (name === 'expect') return 'is answered by the load balancer';
  if (/^(forwarded|x-forwarded-(for|proto|port|host|lbip|client-port))$/.test(name))
    return 'is switched by `forwarding` of the listener';
  return '';
}

/** The changes of a header in one form; `at` is the pointer to the list. */
export function headerEditsOf(inputs: readonly object[], at: string): HeaderEdit[] {
  return inputs.map((input, i) => checked(completed(HeaderEdit, input), `${at}/${i}`));
}

/** The same where there is nothing that variables could be filled in from. */
export function fixedEditsOf(inputs: readonly object[], at: string): HeaderEdit[] {
  for (const [i, input] of inputs.entries()) {
    if (!('value' in input && String(input.value).includes('${'))) continue;
    refuseField('validation-failed', `${at}/${i}/value`, 'has a variable, which only rules fill in');
  }
  return headerEditsOf(inputs, at);
}

/** Refuses a header that a claim of a token goes into. */
export function checkClaimHeader(name: string, at: string): void {
  const reason = reasonAgainst(name);
  if (reason !== '') refuseField('validation-failed', at, reason);
}

function checked(edit: HeaderEdit, at: string): HeaderEdit {
  const reason = reasonAgainst(edit.name);
  if (reason !== '') refuseField('validation-failed', `${at}/name`, reason);
  if (edit.operation === 'remove' && edit.value !== '') {
    refuseField('validation-failed', `${at}/value`, 'is not used by `remove`', '');
  }
  if (!edit.value.isWellFormed()) {
    refuseField('validation-failed', `${at}/value`, 'has half of a surrogate pair: it is sent as UTF-8');
  }
  const variable = checkHeaderValue(edit.value);
  if (variable !== '') refuseField('validation-failed', `${at}/value`, variable, HEADER_VARIABLES);
  return edit;
}
