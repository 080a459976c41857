import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import type {
  HealthEvidence,
  HealthTrialRequest,
  ProbeExchange,
  TargetEvidence,
} from '@evenkeel/model/resources/health-evidence.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { healthFields } from '../commands/health-fields.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { placeOf } from './columns.ts';
import { backendServices } from './kinds.ts';
import { resolvePart } from './reference.ts';
import { print, type Session, withSession } from './session.ts';
import { TargetFinder } from './target-reference.ts';

/** Characters of what was said that one line shows. */
const WIDTH = 110;

/** The last probes of the targets of a service. */
export async function showEvidence(
  session: Session,
  what: string | undefined,
  lb: string | undefined,
  target: string | undefined,
): Promise<void> {
  if (what === undefined) throw new CliFailure(EXIT.usage, 'name the backend service whose probes are to be shown.');
  const service = await resolvePart(session, backendServices, what, lb);
  const targetId = await targetIdOf(session, service, target);
  const evidence = await session.client.getHealthEvidence({
    params: { backendServiceId: service.id },
    query: targetId === null ? {} : { targetId },
  });
  printEvidence(session, evidence, evidence.targets.length === 0 ? 'No node has probed any target.\n' : '');
}

/** The exit code says whether all targets have passed. */
export async function tryHealth(call: Call): Promise<number> {
  let exitCode: number = EXIT.ok;
  await withSession(call, async (session) => {
    const { lb, target } = call.options;
    const service = await resolvePart(session, backendServices, call.args[0] as string, lb);
    const targetId = await targetIdOf(session, service, target);
    const body = {
      ...bodyOf(healthFields, call.options),
      ...(targetId !== null && { targetIds: [targetId] }),
    } as HealthTrialRequest;
    const trial = await session.client.tryHealthCheck({ params: { backendServiceId: service.id }, body });
    const { passed, failed } = trial;
    if (failed > 0) exitCode = EXIT.failed;
    const verdict = passed + failed === 0 ? 'There is no target to probe.' : `${passed} passed, ${failed} did not.`;
    printEvidence(
      session,
      trial,
      `${session.paint(failed === 0 ? 'green' : 'red', verdict)} Nothing has been changed.\n`,
    );
  });
  return exitCode;
}

function printEvidence(session: Session, evidence: HealthEvidence, last: string): void {
  const { paint } = session;
  const silent = evidence.nodes.filter(({ answered }) => !answered);
  print(session, {
    json: evidence,
    ids: evidence.targets.map(({ targetId }) => targetId),
    text: () => {
      const parts = evidence.targets.map((target) => targetText(target, session));
      const missing = silent.map(
        ({ node, problem }) => `${paint('red', `node ${node} has not answered`)}: ${problem}\n`,
      );
      return [...parts, ...missing, ...(last === '' ? [] : [last])].join('\n');
    },
  });
}

function targetText(target: TargetEvidence, { paint }: Session): string {
  const head = paint('bold', `${placeOf(target)} (${target.targetId}), probed by ${target.node}`);
  if (target.exchanges.length === 0) return `${head}\n  not probed yet\n`;
  return `${head}\n${target.exchanges.map((exchange) => exchangeText(exchange, paint)).join('')}`;
}

function exchangeText(exchange: ProbeExchange, paint: Session['paint']): string {
  const { at, verdict, reason, rule, connect, firstByte, total, connection } = exchange;
  const word = verdict === 'failure' ? reason : verdict;
  const colour = verdict === 'success' ? 'green' : verdict === 'failure' ? 'red' : 'yellow';
  const times = [
    connect === null ? 'never connected' : `${connection === 'kept' ? 'kept connection' : `connected ${ms(connect)}`}`,
    ...(firstByte === null ? [] : [`first byte ${ms(firstByte)}`]),
    `verdict ${ms(total)}`,
  ];
  const lines = [
    `  ${at}  ${paint(colour, word)}: ${rule}`,
    `    ${times.join(', ')}`,
    ...said('>', exchange.sent, exchange.sentBytes),
    ...said('<', exchange.received, exchange.receivedBytes),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** One line for each line of what was said, as far as it is known. */
function said(sign: string, text: string, bytes: number): string[] {
  if (bytes === 0) return [];
  if (text === '') return [`    ${sign} ${bytes} bytes, which are no longer kept`];
  const lines = text.split(/(?<=\\n)/).flatMap((line) => line.match(new RegExp(`.{1,${WIDTH}}`, 'g')) ?? []);
  return lines.map((line) => `    ${sign} ${line}`);
}

function ms(milliseconds: number): string {
  return `${milliseconds < 10 ? milliseconds.toFixed(2) : Math.round(milliseconds)} ms`;
}

async function targetIdOf(session: Session, service: BackendService, text: string | undefined): Promise<string | null> {
  if (text === undefined) return null;
  if (service.targetGroupId === null)
    throw new CliFailure(EXIT.notFound, `backend service ${service.name} has no targets.`);
  return (await new TargetFinder(session, { group: service.targetGroupId }).find(text)).id;
}
