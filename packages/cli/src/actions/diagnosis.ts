import type { EndedRequest, EndedRequests } from '@evenkeel/model/resources/ended-request.ts';
import type { Explanation } from '@evenkeel/model/resources/explanation.ts';
import type { Listener } from '@evenkeel/model/resources/listener.ts';
import type { ListenerTraffic } from '@evenkeel/model/resources/traffic.ts';
import type { Call } from '../commands/call.ts';
import { details, titled } from '../output/details.ts';
import { type Column, table } from '../output/table.ts';
import { NOTHING, shortened } from '../output/text.ts';
import { Names, placeOf } from './columns.ts';
import { flowText } from './flow-text.ts';
import { listeners } from './kinds.ts';
import { resolvePart } from './reference.ts';
import { print, type Session, withSession } from './session.ts';

export function explain(call: Call) {
  return withSession(call, async (session) => {
    const { lb, method, host, header, cookie, source, sourcePort, port, protocol, serverName, node } = call.options;
    const [name, url = '/'] = call.args as [string, string | undefined];
    const listener = await resolvePart(session, listeners, name, lb);
    const asked = partsOf(url);
    // One that is not known is told from one that does not answer.
    if (node !== undefined) await session.client.getNode({ params: { nodeId: node } });
    const answer = await session.client.explain({
      query: {
        listenerId: listener.id,
        path: asked.path,
        ...optional({
          method,
          host: host ?? asked.host,
          header,
          cookie,
          source,
          sourcePort,
          port,
          protocol,
          serverName,
          node,
        }),
      },
    });
    const names = session.form === 'text' ? await Names.load(session.client, 'listBackendServices') : new Names();
    const ids = answer.service?.targets.filter(({ chosen }) => chosen).map(({ targetId }) => targetId) ?? [];
    print(session, { json: answer, ids, text: () => explanationText(session, listener, answer, names) });
  });
}

export function showRequest(call: Call) {
  return withSession(call, async (session) => {
    const [requestId] = call.args as [string];
    const report = await session.client.getRequest({ params: { requestId } });
    print(session, {
      json: report,
      ids: report.requests.map(({ reason }) => reason),
      text: () => report.requests.map((request) => details(request, session.paint)).join('\n'),
    });
  });
}

export function listRequests(call: Call) {
  return withSession(call, async (session) => {
    const { lb, all, limit } = call.options;
    const [name] = call.args as [string | undefined];
    const listener = name === undefined ? undefined : await resolvePart(session, listeners, name, lb);
    const query = optional({ outcome: all ? ('all' as const) : undefined, listenerId: listener?.id, limit });
    const answer = await session.client.listRequests({ query });
    const ids = answer.requests.map(({ log }) => String(log['request_id'] ?? ''));
    print(session, { json: answer, ids, text: () => requestsText(session, answer, all === true) });
  });
}

function requestsText({ paint }: Session, { requests, nodes }: EndedRequests, all: boolean): string {
  const silent = nodes.filter(({ answered }) => !answered).map(({ problem }) => `${problem}\n`);
  if (requests.length > 0) return table(endedColumns, requests, paint) + silent.join('');
  return `No node remembers a request${all ? '' : ' that failed'}.\n${silent.join('')}`;
}

/** Characters of a request in a table, whose rows are all as long as the longest; `request show` has all of it. */
const LONGEST_REQUEST = 80;

function lineOf(log: EndedRequest['log']): string {
  return [log['method'], log['host'], log['uri']].filter(Boolean).join(' ') || NOTHING;
}

const endedColumns: Column<EndedRequest>[] = [
  { head: 'ENDED', of: ({ endedAt }) => endedAt },
  { head: 'STATUS', of: ({ status }) => status },
  { head: 'REASON', of: ({ reason }) => reason },
  { head: 'REQUEST', of: ({ log }) => shortened(lineOf(log), LONGEST_REQUEST) },
  { head: 'TARGET', of: ({ log }) => log['target'] || NOTHING },
  { head: 'CLIENT', of: ({ log }) => log['client_ip'] },
  { head: 'IDENTIFIER', of: ({ log }) => log['request_id'] ?? NOTHING },
];

export function traffic(call: Call) {
  return withSession(call, async (session) => {
    const listener = await resolvePart(session, listeners, call.args[0] as string, call.options.lb);
    const answer = await session.client.getListenerTraffic({ params: { listenerId: listener.id } });
    print(session, { json: answer, ids: [answer.listenerId], text: () => trafficText(session, answer) });
  });
}

/** As the API has it; responses by their class, and what the kernel has dropped as a table. */
function trafficText(session: Session, answer: ListenerTraffic): string {
  const responses = Object.fromEntries(answer.responses.map((count, index) => [`${index + 1}xx`, count]));
  if (answer.kernel == null) return details({ ...answer, responses }, session.paint);
  const { dropped, ...kernel } = answer.kernel;
  return details({ ...answer, responses, kernel, dropped }, session.paint);
}

/** Host and path of a URL, or a path alone. */
function partsOf(text: string): { readonly host: string | undefined; readonly path: string } {
  const url = /^[a-z]+:\/\//i.test(text) ? URL.parse(text) : null;
  return url === null ? { host: undefined, path: text } : { host: url.host, path: `${url.pathname}${url.search}` };
}

/** The options that were given. */
function optional<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

function explanationText(session: Session, { protocol }: Listener, answer: Explanation, names: Names): string {
  const { paint } = session;
  const { request, service } = answer;
  const plain = protocol !== 'http' && protocol !== 'https';
  const status = answer.status === null ? '' : ` with ${answer.status}`;
  const lines = [
    `${plain ? 'connection to ' : `${request.method} `}${request.host}${plain ? '' : request.path} from ${request.client}`,
    `${paint('bold', `${answer.outcome}${status}`)}: ${answer.why}`,
    ...(answer.location === '' ? [] : [`Location: ${answer.location}`]),
    ...answer.changes.map((change) => `  ${change}`),
  ];
  const sections: string[] = [];
  if (answer.rules.length > 0) {
    const left = answer.rulesLeftOut === 0 ? '' : `\n  and ${answer.rulesLeftOut} that do not match`;
    sections.push(
      `${titled(`Rules (${answer.ruleOrder})`, table(ruleColumns, answer.rules, paint), paint).trimEnd()}${left}\n`,
    );
  }
  if (answer.services.length > 0) {
    const columns: Column<Explanation['services'][number]>[] = [
      { head: '', of: ({ chosen }) => (chosen ? '→' : ' ') },
      { head: 'SERVICE', of: ({ serviceId }) => names.of(serviceId) },
      { head: 'WEIGHT', of: ({ weight }) => weight },
      { head: 'SHARE', of: ({ percent }) => `${percent} %` },
    ];
    sections.push(titled('Services', table(columns, answer.services, paint), paint));
  }
  if (service !== null) {
    const { stickiness } = service;
    const said = [
      ...(stickiness === null ? [] : [`sticky by ${stickiness.type}: ${stickiness.why}`]),
      service.targets.some(({ chosen }) => chosen) ? `→ ${service.because}` : service.because,
    ];
    const body = `${table(targetColumns, service.targets, paint)}${said.join('\n')}\n`;
    sections.push(titled(`Targets of ${service.name} (${service.algorithm})`, body, paint));
  }
  // Nodes and control planes of older versions do not say.
  if (answer.kernel != null)
    sections.push(titled('In the kernel', flowText(answer.kernel, service?.targets ?? []), paint));
  const source = `As node ${answer.node} runs it, generation ${answer.generation}.`;
  return `${[lines.join('\n'), ...sections.map((section) => section.trimEnd()), source].join('\n\n')}\n`;
}

const ruleColumns: Column<Explanation['rules'][number]>[] = [
  { head: '', of: ({ outcome }) => (outcome === 'applies' ? '→' : ' ') },
  { head: 'PRIORITY', of: ({ priority }) => priority },
  { head: 'RULE', of: ({ name }) => name },
  { head: 'OUTCOME', of: ({ outcome }) => outcome },
  { head: 'WHY', of: ({ outcome, conditions }) => whyOf(outcome, conditions) },
];

/** What does not hold; of a rule that applies, what it asks for. */
function whyOf(outcome: string, conditions: Explanation['rules'][number]['conditions']): string {
  const told = outcome === 'applies' ? conditions : conditions.filter(({ holds }) => !holds);
  if (told.length === 0) return outcome === 'applies' ? 'asks for nothing' : NOTHING;
  return told
    .map(({ kind, name, wanted, actual, holds }) => {
      const what = name === '' ? kind : `${kind} ${name}`;
      return holds
        ? `${what} is ${wanted}`
        : kind === 'rank'
          ? actual
          : `${what} is not ${wanted} but ${actual || NOTHING}`;
    })
    .join('; ');
}

const targetColumns: Column<NonNullable<Explanation['service']>['targets'][number]>[] = [
  { head: '', of: ({ chosen }) => (chosen ? '→' : ' ') },
  { head: 'TARGET', of: (target) => placeOf(target) },
  { head: 'WEIGHT', of: ({ weight }) => weight },
  { head: 'ZONE', of: ({ zone }) => zone },
  { head: 'STATE', of: ({ state }) => state },
  { head: 'HEALTH', of: ({ health }) => health },
  { head: 'UNDER WAY', of: ({ underWay }) => underWay },
  { head: 'CANDIDATE', of: ({ candidate }) => (candidate ? 'yes' : 'no') },
  { head: 'WHY', of: ({ why }) => why },
];
