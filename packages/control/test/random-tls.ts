import { BUILT_IN_POLICIES } from '@evenkeel/model/tls-ciphers.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { createAuthority, deleteAuthority, updateAuthority } from '../src/resources/authorities.ts';
import { updateBackendService } from '../src/resources/backend-services.ts';
import { createCertificate, deleteCertificate, updateCertificate } from '../src/resources/certificates.ts';
import { createListener, updateListener } from '../src/resources/listeners.ts';
import {
  createSecurityPolicy,
  deleteSecurityPolicy,
  updateSecurityPolicy,
} from '../src/resources/security-policies.ts';
import { rotateTicketKeys } from '../src/resources/ticket-keys.ts';
import type { Draft } from '../src/state/draft.ts';

type Below = (limit: number) => number;
type Pick = <T>(values: Iterable<T>) => T | undefined;

const NAMES = ['a.test', 'b.test', '*.c.test'];
const IDENTITIES = [
  issue({ names: NAMES }),
  issue({ names: NAMES, key: 'p384' }),
  issue({ names: NAMES.slice(1) }),
  issue({ names: NAMES, key: 'rsa-2048' }),
];
const CIPHERS = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384'];
const AUTHORITIES = [issue({ ca: true }), issue({ ca: true })];

/** One random change of certificates, authorities, security policies, ticket keys, or of who uses them. */
export function changeTlsAtRandom(draft: Draft, below: Below, pick: Pick): void {
  const certificate = pick(draft.certificates.values());
  const authority = pick(draft.authorities.values());
  const policy = pick(draft.securityPolicies.values());
  const tree = pick(draft.loadBalancers.values());
  const service = tree && pick(tree.services.values());
  const listener = tree && pick(tree.listeners.values());
  const material = () => {
    const { certificate: chain, key: privateKey } = IDENTITIES[below(IDENTITIES.length)]!;
    return { chain, privateKey };
  };
  switch (below(12)) {
    case 0:
    case 1:
      createCertificate(draft, { name: `c-${below(6)}`, ...material() });
      break;
    case 2:
      if (certificate)
        updateCertificate(draft, certificate, below(2) === 0 ? material() : { description: `${below(3)}` });
      break;
    case 3:
      if (certificate) deleteCertificate(draft, certificate);
      break;
    case 4:
      createAuthority(draft, { name: `a-${below(4)}`, certificates: AUTHORITIES[below(2)]!.certificate });
      break;
    case 5:
      if (authority && below(3) === 0) deleteAuthority(draft, authority);
      else if (authority) updateAuthority(draft, authority, { certificates: AUTHORITIES[below(2)]!.certificate });
      break;
    case 6:
      createSecurityPolicy(draft, { name: `p-${below(3)}`, versions: ['1.3'], ciphers: [CIPHERS[below(2)]!] });
      break;
    case 7:
      if (policy && below(3) === 0) deleteSecurityPolicy(draft, policy);
      else if (policy)
        updateSecurityPolicy(draft, policy, { ciphers: [CIPHERS[below(2)]!], description: `${below(2)}` });
      break;
    case 8:
      if (tree) {
        const protocol = below(2) === 0 ? 'https' : 'tls';
        createListener(draft, tree.loadBalancer.id, {
          protocol,
          port: 2_000 + below(20),
          ...settings(draft, below, pick),
        });
      }
      break;
    case 9:
      if (listener) updateListener(draft, listener, settings(draft, below, pick));
      break;
    case 10:
      if (service) {
        const tls = { enabled: below(2) === 0, verify: below(3) > 0, authorityId: authority?.id ?? null };
        updateBackendService(draft, service, { tls, healthCheck: { protocol: 'tcp' } });
      }
      break;
    default:
      if (draft.ticketKeys !== null) {
        draft.ticketKeys = { ...draft.ticketKeys, rotatedAt: 0 };
        rotateTicketKeys(draft);
      }
  }
}

function settings(draft: Draft, below: Below, pick: Pick) {
  const one = () => pick(draft.certificates.keys()) ?? 'crt-00000000000000000a';
  const authorityId = pick(draft.authorities.keys()) ?? null;
  return {
    defaultCertificateIds: [...new Set(Array.from({ length: 1 + below(2) }, one))],
    certificates: Array.from({ length: below(3) }, () => ({ name: NAMES[below(3)]!, certificateId: one() })),
    securityPolicyId: pick([...BUILT_IN_POLICIES.map(({ id }) => id), ...draft.securityPolicies.keys()])!,
    sessionTickets: below(3) === 0,
    clientCertificates: {
      mode: authorityId === null || below(2) === 0 ? ('off' as const) : ('optional' as const),
      authorityId,
    },
  };
}
