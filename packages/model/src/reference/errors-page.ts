import { ERRORS, type ErrorKind } from '../errors.ts';

/** The page of all errors, as Markdown. */
export function errorsPage(): string {
  const rows = Object.entries<ErrorKind>(ERRORS).map(
    ([code, { status, side, retry, help }]) => `| \`${code}\` | ${status} | ${side} | ${RETRY[retry]} | ${help} |`,
  );
  return `# Errors

Every error is an answer of the type \`application/problem+json\` (RFC 9457). \`code\` is stable and may be compared;
\`detail\` says in words what happened this time; \`requestId\` is what the log knows the request by.

\`\`\`json
{
  "type": "urn:evenkeel:error:port-taken",
  "title": "Port taken",
  "status": 409,
  "code": "port-taken",
  "detail": "/port: 80 is the port of listener web",
  "instance": "/v1/listeners",
  "requestId": "0e9bf4d7-b2de-427f-9b6a-8db0842fbddb",
  "errors": [{ "field": "/port", "reason": "80 is the port of listener web" }]
}
\`\`\`

\`errors\` names fields by JSON pointer into the body; a part of the URL or a header by \`path\`, \`query\` or \`header\` and
its name. Where there is a choice or a range, \`allowed\` has it. \`usedBy\` lists what refers to an object that cannot be
deleted, \`quota\` the limit that was reached. A request that is refused has changed nothing.

| Code | Status | Whose fault | Try again | Meaning |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

const RETRY: Readonly<Record<ErrorKind['retry'], string>> = {
  never: 'no',
  later: 'later',
  'after-change': 'after a change',
};
