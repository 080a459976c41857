import type { ListenerDocument } from '@evenkeel/model/resources/listener.ts';
import { type Findings, NotCarried } from '../findings.ts';
import type { Proxy } from './proxy.ts';
import type { Statement } from './sections.ts';

type ServerNames = NonNullable<ListenerDocument['serverNames']>;

/**
 * Backends that a frontend in mode tcp chooses by the name in the ClientHello: `use_backend x if { req.ssl_sni -i a.b }`.
 * The waiting for the hello that goes with it is not needed.
 */
export function serverNamesOf(
  { statements }: Proxy,
  service: (name: string, statement: Statement) => string | null,
  findings: Findings,
): ServerNames {
  const acls = statements.take('acl');
  const names: ServerNames = [];
  for (const statement of statements.take('use_backend')) {
    try {
      for (const name of namesOf(statement.words, acls)) {
        const backendService = service(statement.words[1] ?? '', statement);
        if (backendService !== null) names.push({ name, backendService });
      }
    } catch (error) {
      if (!(error instanceof NotCarried)) throw error;
      findings.add('left-out', statement, error.message);
    }
  }
  if (names.length > 0) {
    statements.take('tcp-request', 'inspect-delay');
    statements.take('tcp-request', 'content', 'accept');
    statements.take('tcp-request', 'content', 'reject');
  }
  return names;
}

function namesOf(words: readonly string[], acls: readonly Statement[]): string[] {
  const [, , operator, ...condition] = words;
  if (operator !== 'if') throw new NotCarried('chooses by something other than the name that TLS asks for');
  const terms = condition[0] === '{' ? [condition.slice(1, condition.indexOf('}'))] : [];
  if (condition[0] !== '{' && condition.length === 1) {
    for (const acl of acls) if (acl.words[1] === condition[0]) terms.push(acl.words.slice(2));
  }
  const names = terms.flatMap(([sample = '', ...values]) => {
    if (!/^req[._]ssl_sni$|^req\.ssl_sni,lower$/.test(sample)) return [];
    const at = values.findIndex((value) => !value.startsWith('-'));
    if (values.slice(0, Math.max(at, 0)).some((flag) => flag !== '-i' && flag !== '--')) return [];
    return at < 0 ? [] : values.slice(at).map((value) => value.toLowerCase());
  });
  if (names.length === 0) throw new NotCarried('chooses by something other than the name that TLS asks for');
  return names;
}
