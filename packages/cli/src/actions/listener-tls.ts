import type { ListenerPatch } from '@evenkeel/model/resources/listener.ts';
import type { OptionValues } from 'commander';
import type { NameAndReference } from '../commands/values.ts';
import { authorities, backendServices, certificates, securityPolicies } from './kinds.ts';
import { resolve, resolvePart } from './reference.ts';
import type { Session } from './session.ts';

/** The options of a listener that name certificates, an authority, a policy, or services by host name. */
export async function tlsReferencesOf(
  session: Session,
  lb: string,
  options: OptionValues,
): Promise<Partial<ListenerPatch>> {
  const { defaultCertificate, certificate, securityPolicy, clientAuthority, serverName } = options;
  const certificateId = async (text: string) => (await resolve(session, certificates, text)).id;
  const body: Partial<ListenerPatch> = {};
  if (defaultCertificate !== undefined) {
    body.defaultCertificateIds = await inOrder(defaultCertificate as string[], certificateId);
  }
  if (certificate !== undefined) {
    body.certificates = await inOrder(certificate as NameAndReference[], async ({ name, reference }) => {
      return { name, certificateId: await certificateId(reference) };
    });
  }
  if (securityPolicy !== undefined) {
    body.securityPolicyId = (await resolve(session, securityPolicies, securityPolicy)).id;
  }
  if (serverName !== undefined) {
    body.serverNames = await inOrder(serverName as NameAndReference[], async ({ name, reference }) => {
      return { name, backendServiceId: (await resolvePart(session, backendServices, reference, lb)).id };
    });
  }
  if (clientAuthority !== undefined) {
    body.clientCertificates = { authorityId: await authorityOrNone(session, clientAuthority) };
  }
  return body;
}

export async function authorityOrNone(session: Session, text: string): Promise<string | null> {
  return text === 'none' ? null : (await resolve(session, authorities, text)).id;
}

async function inOrder<T, R>(values: readonly T[], work: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const value of values) results.push(await work(value));
  return results;
}
