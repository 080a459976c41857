import { STICKINESS } from '../limits.ts';
import { Output, Patch, Seconds, Words } from '../schema.ts';
import { STICKINESS_TYPES } from '../settings.ts';
import { type Static, type TProperties, Type } from '../type.ts';

const { cookieName, expiry, timeout } = STICKINESS;

const settings = {
  type: Words(
    STICKINESS_TYPES,
    '`cookie`: by a cookie of the load balancer; `application-cookie`: by one that the targets set; `source-ip`: by ' +
      "the client's address. The cookies need http and round-robin. Default: none.",
  ),
  cookieName: Type.String({
    pattern: cookieName.pattern,
    maxLength: cookieName.maximum,
    description:
      'A token of RFC 6265. For `application-cookie` it must be given. Default: `EVENKEEL-` and the last digits of the ' +
      'identifier, so that services do not take each other for their own.',
  }),
  expiry: Seconds(expiry, 'How long browsers keep a `cookie` after each answer; 0: until they are closed.'),
  timeout: Seconds(
    timeout,
    'How long a client is remembered after its last request or connection, for `source-ip` and ' +
      '`application-cookie`.',
  ),
} satisfies TProperties;

/** Who keeps a client with its target. */
export const Stickiness = Output('Stickiness', settings);
export type Stickiness = Static<typeof Stickiness>;

export const StickinessPatch = Patch('StickinessPatch', settings);
export type StickinessPatch = Static<typeof StickinessPatch>;
