import type { OperationCancelled } from '@evenkeel/model/resources/operation-cancelled.ts';
import type { Call } from '../commands/call.ts';
import { changesText, revisedText } from '../document/changes.ts';
import { impactText } from '../document/impact.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { operationId } from './fleet.ts';
import { confirm, mustAsk } from './remove.ts';
import { print, printOne, type Session, withSession } from './session.ts';
import { appliedText, refusals, settle } from './settle.ts';

/** Shows what it would touch, asks, and takes the change back. */
export async function cancelOperation(call: Call): Promise<number> {
  let exitCode: number = EXIT.ok;
  await withSession(call, async (session) => {
    const params = { operationId: operationId(call) };
    const ask = mustAsk(session.io, call);
    if (call.options.dryRun || ask) {
      const preview = await session.client.cancelOperation({ params, body: { dryRun: true } });
      if (call.options.dryRun) {
        report(session, preview);
        exitCode = preview.changes.length === 0 ? EXIT.ok : EXIT.differences;
        return;
      }
      session.io.err(textOf(session, preview));
      await confirm(session.io, 'Take the change back?');
    }
    const done = await session.client.cancelOperation({ params, body: {} });
    report(session, done);
    if (done.operationId !== null) await settle(session, done.operationId, call.options);
  });
  return exitCode;
}

export function retryOperation(call: Call) {
  return withSession(call, async (session) => {
    const operation = await session.client.retryOperation({ params: { operationId: operationId(call) } });
    if (operation.status === 'refused') {
      throw new CliFailure(
        EXIT.failed,
        'a node still cannot run it; what ran there before goes on:',
        refusals(operation),
      );
    }
    printOne(session, operation, () => {
      if (operation.status === 'applied') return `${appliedText(operation)}\n`;
      return `Still on its way; "evenkeel wait ${operation.id}" waits for it.\n`;
    });
  });
}

function report(session: Session, answer: OperationCancelled): void {
  const ids = answer.changes.flatMap(({ id }) => id ?? []);
  print(session, { json: answer, ids, text: () => textOf(session, answer) });
}

function textOf({ paint }: Session, answer: OperationCancelled): string {
  return `${changesText(answer, paint)}${revisedText(answer)}\n${impactText(answer.impact, paint)}`;
}
