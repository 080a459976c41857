import type { ListenerDocument, ListenerPatch } from '@evenkeel/model/resources/listener.ts';
import { BUILT_IN_POLICIES } from '@evenkeel/model/tls-ciphers.ts';
import { refuseField } from '../problem.ts';
import { resolve } from '../resources/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { ListenerRecord } from '../state/records.ts';
import { findService, type LoadBalancerTree, type State } from '../state/state.ts';

type ByName = 'defaultCertificates' | 'certificates' | 'securityPolicy' | 'clientCertificates' | 'serverNames';
type Resolved = Pick<
  ListenerPatch,
  'defaultCertificateIds' | 'certificates' | 'securityPolicyId' | 'clientCertificates' | 'serverNames'
>;

/** What a listener in a document names, as identifiers; what it does not say stays unsaid. */
export function resolveListenerReferences(
  draft: Draft,
  tree: LoadBalancerTree,
  document: Pick<ListenerDocument, ByName>,
  at: string,
): Resolved {
  const { defaultCertificates, certificates, securityPolicy, clientCertificates, serverNames } = document;
  const certificate = certificateFinder(draft, at);
  return {
    ...(defaultCertificates && {
      defaultCertificateIds: defaultCertificates.map((name, i) => certificate(name, `defaultCertificates/${i}`)),
    }),
    ...(certificates && {
      certificates: certificates.map((entry, i) => ({
        name: entry.name,
        certificateId: certificate(entry.certificate, `certificates/${i}/certificate`),
      })),
    }),
    ...(securityPolicy !== undefined && { securityPolicyId: policyId(draft, securityPolicy, `${at}/securityPolicy`) }),
    ...(clientCertificates && { clientCertificates: clientSettings(draft, clientCertificates, at) }),
    ...(serverNames && {
      serverNames: serverNames.map(({ name, backendService }, i) => {
        const field = `${at}/serverNames/${i}/backendService`;
        const service = resolve(tree.services.values(), backendService, field, 'backend service');
        return { name, backendServiceId: service.id };
      }),
    }),
  };
}

/** Finds identifiers by name or identifier, of which a listener may have thousands: all are looked through once. */
function certificateFinder(draft: Draft, at: string): (idOrName: string, field: string) => string {
  let ids: Map<string, string> | null = null;
  return (idOrName, field) => {
    ids ??= new Map(Array.from(draft.certificates.values(), ({ name, id }) => [name, id]));
    if (draft.certificates.has(idOrName)) return idOrName;
    const reason = `there is no certificate ${idOrName}`;
    return ids.get(idOrName) ?? refuseField('reference-not-found', `${at}/${field}`, reason);
  };
}

function clientSettings(
  draft: Draft,
  { authority, ...plain }: NonNullable<ListenerDocument['clientCertificates']>,
  at: string,
): NonNullable<ListenerPatch['clientCertificates']> {
  if (authority === undefined) return plain;
  if (authority === null) return { ...plain, authorityId: null };
  const field = `${at}/clientCertificates/authority`;
  return { ...plain, authorityId: resolve(draft.authorities.values(), authority, field, 'authority').id };
}

function policyId(draft: Draft, idOrName: string, at: string): string {
  const builtIn = BUILT_IN_POLICIES.map(({ id }) => ({ id, name: id }));
  return resolve([...builtIn, ...draft.securityPolicies.values()], idOrName, at, 'security policy').id;
}

/** The same as they show in a difference: objects by name. */
export function showListenerReferences(state: State, listener: ListenerRecord): Readonly<Record<string, unknown>> {
  const certificate = (id: string) => state.certificates.get(id)?.name ?? id;
  const { securityPolicyId: policy, clientCertificates } = listener;
  const { authorityId } = clientCertificates;
  return {
    defaultCertificates: listener.defaultCertificateIds.map(certificate),
    certificates: listener.certificates.map(({ name, certificateId }) => `${name}=${certificate(certificateId)}`),
    securityPolicy: state.securityPolicies.get(policy)?.name ?? policy,
    'clientCertificates.mode': clientCertificates.mode,
    'clientCertificates.authority': authorityId && (state.authorities.get(authorityId)?.name ?? authorityId),
    'clientCertificates.depth': clientCertificates.depth,
    serverNames: listener.serverNames.map(({ name, backendServiceId }) => {
      return `${name}=${findService(state, backendServiceId)?.service.name ?? backendServiceId}`;
    }),
  };
}
