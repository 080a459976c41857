import { ERROR_PAGES } from '../limits.ts';
import { Input } from '../schema.ts';
import { type Static, Type } from '../type.ts';

/** Characters of a media type with its parameters (RFC 9110 §8.3.1), in the form that servers send. */
export const MEDIA_TYPE_PATTERN =
  '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *; *[A-Za-z0-9!#$&^_.+-]+=([A-Za-z0-9!#$&\'*^_.+-]+|"[ !#-\\[\\]-~]*"))*$';

export const ErrorPage = Input('ErrorPage', {
  status: Type.Integer({
    minimum: ERROR_PAGES.status.minimum,
    maximum: ERROR_PAGES.status.maximum,
    description: 'The status of the answers that it is for. Only answers of the load balancer itself are changed.',
  }),
  contentType: Type.Optional(
    Type.String({
      pattern: MEDIA_TYPE_PATTERN,
      maxLength: ERROR_PAGES.contentTypeLength,
      default: ERROR_PAGES.contentType,
      description: 'Its media type.',
    }),
  ),
  body: Type.Optional(
    Type.String({
      maxLength: ERROR_PAGES.bodyLength,
      description: 'What is sent, as UTF-8. May be left out with a `location`.',
    }),
  ),
  location: Type.Optional(
    Type.String({
      pattern: '^(https?://[!-~]+|/[!-~]*)$',
      maxLength: ERROR_PAGES.locationLength,
      description:
        'Where clients are sent: a URL, or a path on the same host. The answer is 302 in place of the status then.',
    }),
  ),
});
export type ErrorPage = Static<typeof ErrorPage>;
