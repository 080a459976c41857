import { RULE } from '../limits.ts';
import { Network, Output, Part, Patch, Ref, Words } from '../schema.ts';
import { FIELD_MATCHES, PATH_MATCHES } from '../settings.ts';
import { type Static, Type } from '../type.ts';

/** What requests a rule is for. */

export const [PathMatch, PathMatchInput] = Part(
  'PathMatch',
  {
    kind: Words(PATH_MATCHES, '`exact`: the whole path; `prefix`: how it begins; `regex`: what is found in it.'),
    value: Type.String({
      minLength: 1,
      maxLength: RULE.patternLength,
      description: `Begins with \`/\`, but for \`regex\`; up to ${RULE.pathLength} characters.`,
    }),
  },
  { ignoreCase: Type.Boolean({ default: false, description: 'Whether upper and lower case are the same.' }) },
);
export type PathMatch = Static<typeof PathMatch>;

export const [FieldMatch, FieldMatchInput] = Part(
  'FieldMatch',
  {
    name: Type.String({
      pattern: '^[^\\u0000-\\u001f\\u007f]+$',
      maxLength: RULE.fieldNameLength,
      description: 'Of headers and cookies a token (RFC 9110 §5.6.2); headers are the same in upper and lower case.',
    }),
    kind: Words(FIELD_MATCHES, 'How the value is compared; `present` and `absent` are about the name alone.'),
  },
  {
    values: Type.Array(
      Type.String({ pattern: '^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$', maxLength: RULE.patternLength }),
      {
        maxItems: RULE.values,
        default: [],
        description: 'One of them must fit. None for `present` and `absent`.',
      },
    ),
  },
);
export type FieldMatch = Static<typeof FieldMatch>;

const several = { maxItems: RULE.entries, default: [] };

const plain = {
  hosts: Type.Array(Type.String({ minLength: 1, maxLength: RULE.patternLength + 1 }), {
    ...several,
    description:
      'Host names: `www.example.com`, `*.example.com`, `www.example.*`, or a regular expression behind a `~`' +
      '. The port is no part of them.',
  }),
  methods: Type.Array(Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Z-]+$", maxLength: RULE.methodLength }), {
    ...several,
    description: 'Request methods, in upper case. CONNECT and TRACE are never let in.',
  }),
  sources: Type.Array(Network('An address or a CIDR block.'), {
    ...several,
    description: "Where the client's address lies.",
  }),
};

export const RuleMatch = Output(
  'RuleMatch',
  {
    hosts: plain.hosts,
    paths: Type.Array(Ref(PathMatch), { ...several, description: 'Paths, without the query.' }),
    methods: plain.methods,
    headers: Type.Array(Ref(FieldMatch), { ...several, description: 'What must be said of headers: each of them.' }),
    cookies: Type.Array(Ref(FieldMatch), { ...several, description: 'What must be said of cookies: each of them.' }),
    query: Type.Array(Ref(FieldMatch), {
      ...several,
      description: 'What must be said of parameters of the query: each of them.',
    }),
    sources: plain.sources,
  },
  'Every kind must match; of hosts, paths, methods and sources one each. An empty list matches everything.',
);
export type RuleMatch = Static<typeof RuleMatch>;

const input = {
  hosts: plain.hosts,
  paths: Type.Array(Ref(PathMatchInput), { ...several, description: 'Paths, without the query.' }),
  methods: plain.methods,
  headers: Type.Array(Ref(FieldMatchInput), several),
  cookies: Type.Array(Ref(FieldMatchInput), several),
  query: Type.Array(Ref(FieldMatchInput), several),
  sources: plain.sources,
};
export const RuleMatchPatch = Patch('RuleMatchPatch', input);
export type RuleMatchPatch = Static<typeof RuleMatchPatch>;
