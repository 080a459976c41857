/** What a node's refusal of a listener is about, and what to do about it. `field` is a JSON pointer; empty: none. */
export interface Remedy {
  readonly field: string;
  readonly remedy: string;
}

/** By the codes that nodes report; see `RefusedListener`. */
const REMEDIES: Readonly<Record<string, Remedy>> = {
  'address-in-use': {
    field: '/port',
    remedy:
      'Stop what listens there on the node, or give the listener another port; the node tries again by itself, and ' +
      'at once with `evenkeel operation retry`.',
  },
  'address-not-available': {
    field: '/vip',
    remedy:
      'Put the address on an interface of the node, or give the load balancer an address that the node has. A network ' +
      'load balancer that the kernel carries needs neither: where the reason says what is in the way of that, mend it.',
  },
  'permission-denied': {
    field: '/port',
    remedy:
      'Give the agent the capability CAP_NET_BIND_SERVICE, or use a port from 1024 on, which takes none (see SECURITY.md).',
  },
  'certificate-unusable': {
    field: '/certificates',
    remedy: 'Replace the certificate that `detail` names; the listener goes on with its others.',
  },
};

const OTHERWISE: Remedy = {
  field: '',
  remedy:
    'See `detail` and the log of the node. An older node may not know a setting of the listener: bring it up to date, ' +
    'or take the change back.',
};

export function remedyOf(code: string): Remedy {
  return REMEDIES[code] ?? OTHERWISE;
}
