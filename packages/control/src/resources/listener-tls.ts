import { HSTS_MAX_AGE, VERIFY_DEPTH } from '@evenkeel/model/limits.ts';
import type { ListenerCreate, ListenerPatch, ListenerProtocol } from '@evenkeel/model/resources/listener.ts';
import { DEFAULT_SECURITY_POLICY } from '@evenkeel/model/tls-ciphers.ts';
import { refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { ListenerRecord } from '../state/records.ts';
import type { LoadBalancerTree } from '../state/state.ts';
import { canonicalHostName } from '../x509/host-names.ts';
import { checkCertificates, checkPolicyFits } from './listener-certificates.ts';
import { findSecurityPolicy } from './security-policies.ts';
import { ensureTicketKeys } from './ticket-keys.ts';
import { endsTls } from './usage.ts';

type TlsFields = Pick<
  ListenerRecord,
  | 'defaultCertificateIds'
  | 'certificates'
  | 'securityPolicyId'
  | 'sessionTickets'
  | 'clientCertificates'
  | 'hsts'
  | 'serverNames'
>;

export const TLS_DEFAULTS: TlsFields = {
  defaultCertificateIds: [],
  certificates: [],
  securityPolicyId: DEFAULT_SECURITY_POLICY,
  sessionTickets: true,
  clientCertificates: { mode: 'off', authorityId: null, depth: VERIFY_DEPTH.default },
  hsts: { enabled: false, maxAge: HSTS_MAX_AGE.default, includeSubDomains: false },
  serverNames: [],
};

/** The TLS settings of a new listener. `at` is the pointer to `input`. */
export function newListenerTls(
  draft: Draft,
  tree: LoadBalancerTree,
  protocol: ListenerProtocol,
  input: Omit<ListenerCreate, 'loadBalancerId'>,
  at: string,
): TlsFields {
  return changedListenerTls(draft, tree, { protocol, ...TLS_DEFAULTS }, input, at);
}

/** The TLS settings of a listener with the given ones changed. */
export function changedListenerTls(
  draft: Draft,
  tree: LoadBalancerTree,
  listener: TlsFields & { readonly protocol: ListenerProtocol },
  patch: ListenerPatch,
  at: string,
): TlsFields {
  const fields: TlsFields = {
    defaultCertificateIds: patch.defaultCertificateIds ?? listener.defaultCertificateIds,
    certificates: canonical(patch.certificates, `${at}/certificates`) ?? listener.certificates,
    securityPolicyId: patch.securityPolicyId ?? listener.securityPolicyId,
    sessionTickets: patch.sessionTickets ?? listener.sessionTickets,
    clientCertificates: { ...listener.clientCertificates, ...patch.clientCertificates },
    hsts: { ...listener.hsts, ...patch.hsts },
    serverNames: canonical(patch.serverNames, `${at}/serverNames`) ?? listener.serverNames,
  };
  const { protocol } = listener;
  if (endsTls(protocol)) checkTermination(draft, fields, at);
  else checkNoTermination(protocol, fields, at);
  if (fields.hsts.enabled && protocol !== 'https') {
    refuseField('validation-failed', `${at}/hsts/enabled`, `${protocol} has no use for it: only https does`);
  }
  checkServerNames(tree, protocol, fields, at);
  return fields;
}

function checkTermination(draft: Draft, fields: TlsFields, at: string): void {
  const { defaultCertificateIds, securityPolicyId, clientCertificates, sessionTickets } = fields;
  if (defaultCertificateIds.length === 0) {
    refuseField('validation-failed', `${at}/defaultCertificateIds`, 'is empty: https and tls need a certificate');
  }
  checkCertificates(draft, fields, (code, field, reason) => refuseField(code, `${at}${field}`, reason));
  const policy = findSecurityPolicy(draft, securityPolicyId);
  if (policy === null) {
    refuseField('reference-not-found', `${at}/securityPolicyId`, `there is no security policy ${securityPolicyId}`);
  }
  checkPolicyFits(draft, policy, fields, (reason) =>
    refuseField('certificate-mismatch', `${at}/securityPolicyId`, reason),
  );
  const { mode, authorityId } = clientCertificates;
  const field = `${at}/clientCertificates/authorityId`;
  if (mode !== 'off' && authorityId === null) {
    refuseField('validation-failed', field, 'is missing: name the authority that clients are judged by');
  }
  if (authorityId !== null && !draft.authorities.has(authorityId)) {
    refuseField('reference-not-found', field, `there is no authority ${authorityId}`);
  }
  if (sessionTickets) ensureTicketKeys(draft);
}

function checkNoTermination(protocol: ListenerProtocol, fields: TlsFields, at: string): void {
  const refuse = (field: string) =>
    refuseField(
      'validation-failed',
      `${at}/${field}`,
      `is for https and tls alone: at a listener of ${protocol}, no TLS ends`,
    );
  if (fields.defaultCertificateIds.length > 0) refuse('defaultCertificateIds');
  if (fields.certificates.length > 0) refuse('certificates');
  if (fields.clientCertificates.mode !== 'off') refuse('clientCertificates/mode');
  if (fields.clientCertificates.authorityId !== null) refuse('clientCertificates/authorityId');
  if (fields.securityPolicyId !== DEFAULT_SECURITY_POLICY) refuse('securityPolicyId');
}

function checkServerNames(
  tree: LoadBalancerTree,
  protocol: ListenerProtocol,
  { serverNames }: TlsFields,
  at: string,
): void {
  if (serverNames.length > 0 && protocol !== 'tcp') {
    refuseField(
      'validation-failed',
      `${at}/serverNames`,
      `${protocol} has none: TLS passes through tcp listeners alone`,
    );
  }
  const taken = new Set<string>();
  for (const [i, { name, backendServiceId }] of serverNames.entries()) {
    const service = tree.services.get(backendServiceId);
    const field = `${at}/serverNames/${i}`;
    if (service === undefined) {
      const reason = `there is no backend service ${backendServiceId} in this load balancer`;
      refuseField('reference-not-found', `${field}/backendServiceId`, reason);
    }
    if (service.protocol !== 'tcp') {
      const reason = `backend service ${service.name} speaks ${service.protocol}, the listener tcp`;
      refuseField('protocol-mismatch', `${field}/backendServiceId`, reason, 'tcp');
    }
    if (taken.has(name)) refuseField('validation-failed', `${field}/name`, `${name} is there twice`);
    taken.add(name);
  }
}

/** The same entries with their names in the one form that they are compared in. */
function canonical<T extends { readonly name: string }>(
  entries: readonly T[] | undefined,
  at: string,
): T[] | undefined {
  return entries?.map((entry, i) => {
    const name =
      canonicalHostName(entry.name) ??
      refuseField(
        'validation-failed',
        `${at}/${i}/name`,
        `${entry.name} is no host name`,
        'www.example.com or *.example.com',
      );
    return { ...entry, name };
  });
}
