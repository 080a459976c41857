import { STICKINESS } from '@evenkeel/model/limits.ts';
import { STICKINESS_TYPES } from '@evenkeel/model/settings.ts';
import { type Field, integer, standard, text, word } from './fields.ts';

/** The fields of stickiness that the command line can set; see resource-fields.ts. */
export const stickinessFields: readonly Field[] = [
  {
    flag: 'stickiness',
    field: 'stickiness.type',
    value: word(STICKINESS_TYPES),
    help: 'how a client is kept with its target (default none)',
  },
  {
    flag: 'cookie-name',
    field: 'stickiness.cookieName',
    value: text('name'),
    help: 'the cookie that it is kept by (default: one made of the identifier)',
  },
  {
    flag: 'cookie-expiry',
    field: 'stickiness.expiry',
    value: integer('seconds'),
    help: `how long browsers keep the cookie; 0: until they are closed ${standard(STICKINESS.expiry)}`,
  },
  {
    flag: 'stickiness-timeout',
    field: 'stickiness.timeout',
    value: integer('seconds'),
    help: `how long source-ip and application-cookie remember a client ${standard(STICKINESS.timeout)}`,
  },
];
