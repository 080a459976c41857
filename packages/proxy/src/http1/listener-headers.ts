import type { PlannedHttp } from '@evenkeel/model/plan/http.ts';
import { HeaderEdits } from '../rules/action/header-edits.ts';

/** What a listener changes of all answers, worked out once for what a plan says of it. */
interface ListenerHeaders {
  readonly alone: HeaderEdits;
  /** With what a rule changes after it. */
  readonly withRules: WeakMap<HeaderEdits, HeaderEdits>;
}

const known = new WeakMap<PlannedHttp, ListenerHeaders>();

/** What is changed of an answer: by the listener, and then by the rule for its request; null: nothing. */
export function answerEdits(http: PlannedHttp | null, ofRule: HeaderEdits | null): HeaderEdits | null {
  if (http === null || http.responseHeaders === undefined) return ofRule;
  const { alone, withRules } = headersOf(http);
  if (ofRule === null) return alone;
  let both = withRules.get(ofRule);
  if (both === undefined) {
    both = new HeaderEdits([...http.responseHeaders, ...ofRule.edits]);
    withRules.set(ofRule, both);
  }
  return both;
}

/** The head of an answer of the proxy's own, as text of one character for each byte, with what the listener changes. */
export function editedHead(http: PlannedHttp | null, head: string): string {
  if (http === null || http.responseHeaders === undefined) return head;
  const { removed, namesDate } = headersOf(http).alone;
  const [statusLine, ...lines] = head.slice(0, -END.length).split(LINE_END);
  const kept = lines.filter((line) => {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    return !removed.has(name) && !(namesDate && name === 'date');
  });
  return [statusLine, ...kept, ...addedLines(http)].join(LINE_END) + END;
}

const LINE_END = '\r\n';
const END = '\r\n\r\n';

/** In their order; a name that is set or removed later has none of the lines from before. */
function addedLines({ responseHeaders = [] }: PlannedHttp): string[] {
  return responseHeaders.flatMap(({ operation, name, value }, i) => {
    const isOverridden = responseHeaders.slice(i + 1).some((later) => {
      return later.operation !== 'add' && later.name.toLowerCase() === name.toLowerCase();
    });
    // Values go out as UTF-8.
    return operation === 'remove' || isOverridden ? [] : [`${name}: ${Buffer.from(value).toString('latin1')}`];
  });
}

function headersOf(http: PlannedHttp): ListenerHeaders {
  let headers = known.get(http);
  if (headers === undefined) {
    headers = { alone: new HeaderEdits(http.responseHeaders ?? []), withRules: new WeakMap() };
    known.set(http, headers);
  }
  return headers;
}
