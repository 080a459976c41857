import { Output, Patch, Words } from '../schema.ts';
import { CLIENT_ADDRESS_FIELDS } from '../settings.ts';
import { type Static, type TProperties, Type } from '../type.ts';

const field = (name: string, what: string) =>
  Type.Boolean({ default: false, description: `Whether targets get \`${name}\`: ${what}.` });

const settings = {
  clientAddress: Words(
    CLIENT_ADDRESS_FIELDS,
    '`X-Forwarded-For`: `append` the address to what a trusted proxy sent, `replace` whatever was sent, or `off`' +
      '. Default: append.',
  ),
  protocol: field('X-Forwarded-Proto', 'http or https'),
  port: field('X-Forwarded-Port', 'the port of the listener'),
  host: field('X-Forwarded-Host', 'the host that was asked for'),
  loadBalancerAddress: field('X-Forwarded-LBIP', 'the address that the client connected to'),
  clientPort: field('X-Forwarded-Client-Port', "the client's port"),
  standard: Type.Boolean({ default: false, description: 'Whether targets get `Forwarded` (RFC 7239).' }),
} satisfies TProperties;

/** What an HTTP listener tells targets of the client. */
export const Forwarding = Output('Forwarding', settings);
export type Forwarding = Static<typeof Forwarding>;

export const ForwardingPatch = Patch('ForwardingPatch', settings);
export type ForwardingPatch = Static<typeof ForwardingPatch>;
