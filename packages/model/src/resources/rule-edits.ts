import { RULE } from '../limits.ts';
import { Nullable, Part, Ref, Words } from '../schema.ts';
import { HEADER_EDITS, PATH_REWRITES } from '../settings.ts';
import { type Static, Type } from '../type.ts';

/** What a rule changes of requests and of answers. */

export const [PathRewrite, PathRewriteInput] = Part(
  'PathRewrite',
  {
    kind: Words(
      PATH_REWRITES,
      '`whole`: all of the path; `prefix`: the prefix that the rule matched; `regex`: what `pattern` finds first.',
    ),
    replacement: Type.String({
      maxLength: RULE.pathLength,
      pattern: '^[!"$->@-~]*$',
      description: 'What takes its place; with `$1` to `$9` for the groups of a `pattern`. The query stays.',
    }),
  },
  {
    pattern: Type.String({
      maxLength: RULE.patternLength,
      default: '',
      description: 'The regular expression of `regex`; empty otherwise.',
    }),
  },
);
export type PathRewrite = Static<typeof PathRewrite>;

const host = {
  host: Nullable(
    Type.String({
      maxLength: RULE.hostLength,
      default: null,
      description: 'The host that the target sees; null: as asked for.',
    }),
  ),
};
const path = { description: 'null: as asked for.', default: null };

export const [Rewrite] = Part('Rewrite', {}, { ...host, path: { ...Nullable(Ref(PathRewrite)), ...path } });
export type Rewrite = Static<typeof Rewrite>;
export const [, RewriteInput] = Part('Rewrite', {}, { ...host, path: { ...Nullable(Ref(PathRewriteInput)), ...path } });
export type RewriteInput = Static<typeof RewriteInput>;

export const [HeaderEdit, HeaderEditInput] = Part(
  'HeaderEdit',
  {
    operation: Words(
      HEADER_EDITS,
      '`set` replaces all fields of the name, `add` appends one, `remove` takes them away.',
    ),
    name: Type.String({
      pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
      maxLength: RULE.fieldNameLength,
      description: 'A token (RFC 9110 §5.6.2). Fields of the connection, of framing and of forwarding are refused.',
    }),
  },
  {
    value: Type.String({
      pattern: '^([!-~\\u0080-\\uffff]([\\t -~\\u0080-\\uffff]*[!-~\\u0080-\\uffff])?)?$',
      maxLength: RULE.fieldValueLength,
      default: '',
      description: 'May hold variables; see the guide on rules. Empty for `remove`.',
    }),
  },
);
export type HeaderEdit = Static<typeof HeaderEdit>;
