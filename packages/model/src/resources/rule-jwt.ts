import { JWT } from '../limits.ts';
import { Input, Nullable, Part, Ref, Words } from '../schema.ts';
import { JWT_ALGORITHMS } from '../settings.ts';
import { type Static, Type } from '../type.ts';

/** A public key, or an HMAC secret, as JSON (RFC 7517); members that are not used are kept. */
export const JsonWebKey = Type.Unsafe<Readonly<Record<string, unknown>>>({
  $id: 'JsonWebKey',
  type: 'object',
  properties: {
    kty: { type: 'string', enum: ['RSA', 'EC', 'OKP', 'oct'], description: 'The type of the key.' },
    kid: { type: 'string', maxLength: JWT.nameLength, description: 'Names the key in tokens.' },
    k: {
      type: 'string',
      writeOnly: true,
      description: 'The secret of a key of type `oct`, in base64url; in no answer. Left out: the one that is stored.',
    },
    secretSet: {
      type: 'boolean',
      readOnly: true,
      description: 'True for keys of type `oct`: their secret is stored, encrypted. Of no effect in what is written.',
    },
  },
  required: ['kty'],
  additionalProperties: true,
  maxProperties: JWT.keyMembers,
  description: 'Private keys are refused: they have no place here.',
});

export const ClaimHeader = Input('ClaimHeader', {
  claim: Type.String({ minLength: 1, maxLength: JWT.nameLength, description: 'A claim of the token.' }),
  header: Type.String({
    pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    maxLength: JWT.nameLength,
    description: 'The header that targets get its value in. What a client sends under that name is taken away.',
  }),
});

const text = (description: string) =>
  Nullable(Type.String({ minLength: 1, maxLength: JWT.textLength, default: null, description }));

export const [Jwt, JwtInput] = Part(
  'Jwt',
  {
    keys: Type.Array(Ref(JsonWebKey), {
      minItems: 1,
      maxItems: JWT.keys,
      description:
        'The keys of a JWK set (RFC 7517); one of them must have signed the token. ' +
        `As JSON, up to ${JWT.setLength} characters together.`,
    }),
    algorithms: Type.Array(Words(JWT_ALGORITHMS, 'An algorithm (RFC 7518, RFC 8037).'), {
      minItems: 1,
      maxItems: JWT_ALGORITHMS.length,
      description: 'What tokens may be signed with; each needs a key that fits.',
    }),
  },
  {
    issuer: text('What `iss` must be; null: anything.'),
    audience: text('What `aud` must be or hold; null: anything.'),
    leeway: Type.Integer({
      minimum: JWT.leeway.minimum,
      maximum: JWT.leeway.maximum,
      default: JWT.leeway.default,
      description: 'Difference of clocks that is forgiven with `exp` and `nbf`. In seconds.',
    }),
    claims: Type.Array(Ref(ClaimHeader), {
      maxItems: JWT.claims,
      default: [],
      description: 'Claims that go on to targets.',
    }),
  },
);
export type Jwt = Static<typeof Jwt>;
export type JwtInput = Static<typeof JwtInput>;
