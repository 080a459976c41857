import { waitApplied } from '@evenkeel/client/wait.ts';
import type { Operation } from '@evenkeel/model/resources/operation.ts';
import { NODE_GONE_AFTER } from '@evenkeel/model/zones.ts';
import type { OptionValues } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { count } from '../output/text.ts';
import { type Session, say } from './session.ts';

/** Milliseconds of waiting after which a person at a terminal is told for what. */
const PATIENCE = 1_000;

/**
 * Waits until the nodes have applied a write, as the options `--no-wait` and `--timeout` say. Throws when a node
 * refused it, or when the time was up. The write itself is saved in either case.
 */
export async function settle(session: Session, operationId: string, options: OptionValues): Promise<void> {
  if (options.wait === false) {
    say(session, `Not waiting; "evenkeel wait ${operationId}" does.`);
    return;
  }
  const operation = await awaitOperation(session, operationId, options.timeout as number);
  say(session, appliedText(operation));
}

/** Resolves with an operation that is applied. */
export async function awaitOperation(session: Session, operationId: string, seconds: number): Promise<Operation> {
  const hint = setTimeout(() => {
    if (session.io.errIsTerminal) session.io.err(`Waiting for the nodes to apply it (at most ${seconds} s) …\n`);
  }, PATIENCE);
  try {
    const operation = await waitApplied(session.client, operationId, { timeout: seconds * 1_000 });
    switch (operation.status) {
      case 'applied':
        return operation;
      case 'refused':
        throw new CliFailure(
          EXIT.failed,
          'saved, but a node cannot run it; what ran there before goes on:',
          refusals(operation),
        );
      case 'cancelled':
        throw new CliFailure(EXIT.failed, `taken back by ${operation.cancelledBy}`);
      case 'pending':
        throw new CliFailure(
          EXIT.timeout,
          `saved, but not applied by every node within ${seconds} s ("evenkeel wait ${operationId}" waits on):`,
          missing(operation),
        );
    }
  } finally {
    clearTimeout(hint);
  }
}

/** Where it is applied, and who was not waited for. A control plane of an older version waits for all. */
export function appliedText({ nodes, leftOut = [] }: Operation): string {
  const there = nodes.filter(({ node, state }) => state === 'applied' && !leftOut.includes(node));
  const applied = `Applied on ${count(there.length, 'node')}.`;
  if (leftOut.length === 0) return applied;
  const silent = leftOut.filter((node) => nodes.some((one) => one.node === node && one.state === 'pending'));
  const those = leftOut.length === 1 ? 'it catches up when it is' : 'they catch up when they are';
  const connected = silent.length === 0 ? '' : ` Connected, but without an answer: ${silent.join(', ')}.`;
  return `${applied} Not waited for: ${leftOut.join(', ')}; ${those} back.${connected}`;
}

export function refusals({ nodes, resources }: Operation): string[] {
  const nameOf = (id: string) => resources.find((resource) => resource.id === id)?.name ?? id;
  return nodes.flatMap(({ node, refused }) =>
    refused.flatMap(({ listenerId, code, detail, field, remedy }) => {
      // A control plane of an older version says neither.
      const where = field ? `${field}: ` : '';
      const line = `listener ${nameOf(listenerId)} on node ${node}: ${where}${code}: ${detail}`;
      return remedy ? [line, `  ${remedy}`] : [line];
    }),
  );
}

function missing({ nodes }: Operation): string[] {
  const waiting = nodes.filter(({ state }) => state === 'pending' || state === 'offline');
  if (waiting.length === 0) return ['no node has ever connected: start a node agent'];
  return waiting.map(({ node, state }) =>
    state === 'offline'
      ? `node ${node} is offline; it is waited for until it has been away for ${NODE_GONE_AFTER} s`
      : `node ${node} is still at work; it is waited for until it has given no answer for ${NODE_GONE_AFTER} s`,
  );
}
