import { Id } from '../identifiers.ts';
import { RULE } from '../limits.ts';
import { Input, Nullable, Part, Words } from '../schema.ts';
import { REDIRECT_STATUSES } from '../settings.ts';
import { type Static, Type } from '../type.ts';
import { MEDIA_TYPE_PATTERN } from './error-page.ts';

/** What becomes of a request that a rule is for. */

const weight = {
  weight: Type.Integer({
    minimum: RULE.weight.minimum,
    maximum: RULE.weight.maximum,
    default: RULE.weight.default,
    description: 'Its share of the clients, relative to the others; a client stays with the service that it got.',
  }),
};
const percent = {
  percent: Type.Integer({
    minimum: 1,
    maximum: 100,
    default: 100,
    description: 'Of so many requests in a hundred a copy is sent.',
  }),
};
const serviceId = Id('backendService', 'A backend service of this load balancer, of protocol http.');
const serviceName = Type.String({ description: 'Name or identifier of a backend service of this load balancer.' });

export const [ForwardTo, ForwardToInput] = Part('ForwardTo', { backendServiceId: serviceId }, weight);
export type ForwardTo = Static<typeof ForwardTo>;
export type ForwardToInput = Static<typeof ForwardToInput>;
export const ForwardToDocument = Input('ForwardToDocument', {
  backendService: serviceName,
  weight: Type.Optional(weight.weight),
});

export const [Mirror, MirrorInput] = Part('Mirror', { backendServiceId: serviceId }, percent);
export type Mirror = Static<typeof Mirror>;
export type MirrorInput = Static<typeof MirrorInput>;
export const MirrorDocument = Input('MirrorDocument', {
  backendService: serviceName,
  percent: Type.Optional(percent.percent),
});

const unchanged = { default: null };

export const [Redirect, RedirectInput] = Part(
  'Redirect',
  {},
  {
    status: Type.Unsafe<(typeof REDIRECT_STATUSES)[number]>({
      type: 'integer',
      enum: [...REDIRECT_STATUSES],
      default: 302,
      description: 'The status of the answer.',
    }),
    protocol: Nullable(
      Type.Unsafe<'http' | 'https'>({ ...Words(['http', 'https'], 'null: as asked for.'), ...unchanged }),
    ),
    host: Nullable(Type.String({ maxLength: RULE.hostLength, description: 'null: as asked for.', ...unchanged })),
    port: Nullable(
      Type.Integer({
        minimum: 0,
        maximum: 65_535,
        description: "0: the protocol's own; null: as asked for.",
        ...unchanged,
      }),
    ),
    path: Nullable(
      Type.String({
        pattern: '^/[!-"$->@-~]*$',
        maxLength: RULE.pathLength,
        description: 'null: as asked for.',
        ...unchanged,
      }),
    ),
    query: Nullable(
      Type.String({
        pattern: '^[!-"$-~]*$',
        maxLength: RULE.pathLength,
        description: 'Without `?`; null: as asked for; empty: none.',
        ...unchanged,
      }),
    ),
  },
);
export type Redirect = Static<typeof Redirect>;
export type RedirectInput = Static<typeof RedirectInput>;

export const [Respond, RespondInput] = Part(
  'Respond',
  { status: Type.Integer({ minimum: 200, maximum: 599, description: 'The status of the answer.' }) },
  {
    contentType: Type.String({
      pattern: MEDIA_TYPE_PATTERN,
      maxLength: RULE.contentTypeLength,
      default: RULE.contentType,
      description:
        'The media type of the body. Without a body none is sent, and this is the default whatever is given.',
    }),
    body: Type.String({ maxLength: RULE.bodyLength, default: '', description: 'What is sent, as UTF-8.' }),
  },
);
export type Respond = Static<typeof Respond>;
export type RespondInput = Static<typeof RespondInput>;
