import type { TargetTls, TargetTlsDocument, TargetTlsPatch } from '@evenkeel/model/resources/target-tls.ts';
import { refuseField } from '../problem.ts';
import type { State } from '../state/state.ts';
import { canonicalHostName } from '../x509/host-names.ts';
import { resolve } from './rules.ts';

/** TLS to the targets of a new backend service that says nothing about it. */
export const PLAIN_TARGETS: TargetTls = { enabled: false, verify: true, authorityId: null, serverName: '' };

/** The settings with the given fields changed. `at` is the pointer to the service. */
export function changeTargetTls(
  state: State,
  current: TargetTls,
  patch: TargetTlsPatch | undefined,
  at: string,
): TargetTls {
  const changed = { ...current, ...patch };
  const { enabled, verify, authorityId, serverName } = changed;
  if (authorityId !== null && !state.authorities.has(authorityId)) {
    refuseField('reference-not-found', `${at}/tls/authorityId`, `there is no authority ${authorityId}`);
  }
  if (serverName !== '') {
    const name = canonicalHostName(serverName);
    if (name === null || name.startsWith('*')) {
      refuseField(
        'validation-failed',
        `${at}/tls/serverName`,
        `${serverName} is no exact host name`,
        'app.example.com',
      );
    }
    changed.serverName = name;
  }
  if (!enabled) return changed;
  if (verify && authorityId === null) {
    const reason = 'is missing: name the authority that targets are judged by, or set verify to false';
    refuseField('validation-failed', `${at}/tls/authorityId`, reason);
  }
  return changed;
}

/** The settings of a document, which names the authority. */
export function targetTlsOf(
  state: State,
  document: TargetTlsDocument | undefined,
  at: string,
): { tls?: TargetTlsPatch } {
  if (document === undefined) return {};
  const { authority, ...plain } = document;
  if (authority === undefined) return { tls: plain };
  const named =
    authority === null ? null : resolve(state.authorities.values(), authority, `${at}/tls/authority`, 'authority');
  return { tls: { ...plain, authorityId: named?.id ?? null } };
}
