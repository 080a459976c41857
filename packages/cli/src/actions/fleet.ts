import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Node } from '@evenkeel/model/resources/node.ts';
import type { Operation } from '@evenkeel/model/resources/operation.ts';
import type { Call } from '../commands/call.ts';
import { wordsOf } from '../explain.ts';
import { details } from '../output/details.ts';
import type { Column } from '../output/table.ts';
import { count } from '../output/text.ts';
import { nodePlacementText } from './placement.ts';
import { isIdOf, notFound } from './reference.ts';
import { confirm, mustAsk } from './remove.ts';
import { printList, printOne, withSession } from './session.ts';
import { appliedText, awaitOperation } from './settle.ts';

const OPERATIONS: readonly Column<Operation>[] = [
  { head: 'ID', of: (operation) => operation.id },
  { head: 'ACTION', of: (operation) => operation.action },
  { head: 'ABOUT', of: ({ resources: [first, ...more] }) => about(first, more.length) },
  { head: 'GENERATION', of: (operation) => operation.generation },
  { head: 'STATUS', of: (operation) => operation.status },
  { head: 'CREATED', of: (operation) => operation.createdAt },
];

const NODES: readonly Column<Node>[] = [
  { head: 'ID', of: (node) => node.id },
  { head: 'ZONE', of: (node) => node.zone },
  { head: 'STATE', of: (node) => node.state },
  { head: 'DUTY', of: ({ duty }) => (duty === 'serving' ? null : duty) },
  { head: 'CONNECTIONS', of: (node) => node.connections },
  { head: 'BEHIND', of: (node) => node.behind },
  { head: 'REFUSED', of: (node) => (node.refused.length === 0 ? null : count(node.refused.length, 'listener')) },
  { head: 'OVERLOAD', of: ({ overload }) => (overload.length === 0 ? null : overload.join(', ')) },
  { head: 'REACTOR', of: (node) => node.reactor },
  { head: 'WORKERS', of: (node) => node.workers },
  { head: 'SOFTWARE', of: (node) => node.software },
  { head: 'LAST SEEN', of: (node) => node.lastSeenAt },
];

export function listOperations(call: Call) {
  return withSession(call, async (session) => {
    const limit = Math.max(1, call.options.limit as number);
    const { status, resource } = call.options;
    const all: Operation[] = [];
    for await (const operation of items(session.client.listOperations, {
      query: {
        limit: Math.min(limit, PAGE.maximum),
        ...(status !== undefined && { status: status as Operation['status'] }),
        ...(resource !== undefined && { resourceId: resource as string }),
      },
    })) {
      all.push(operation);
      if (all.length === limit) break;
    }
    printList(session, all, OPERATIONS, (operation) => operation.id);
  });
}

export function showOperation(call: Call) {
  return withSession(call, async (session) => {
    const operation = await session.client.getOperation({ params: { operationId: operationId(call) } });
    printOne(session, operation, () => details(operation, session.paint));
  });
}

export function wait(call: Call) {
  return withSession(call, async (session) => {
    const operation = await awaitOperation(session, operationId(call), call.options.timeout as number);
    printOne(session, operation, () => `${appliedText(operation)}\n`);
  });
}

export function listNodes(call: Call) {
  return withSession(call, async (session) => {
    const all = await Array.fromAsync(items(session.client.listNodes, { query: { limit: PAGE.maximum } }));
    printList(session, all, NODES, (node) => node.id);
  });
}

export function showNode(call: Call) {
  return withSession(call, async (session) => {
    const node = await session.client.getNode({ params: { nodeId: nodeIdOf(call) } });
    const placement = session.form === 'text' ? await nodePlacementText(session, node.id) : '';
    printOne(session, node, () => `${details(node, session.paint)}${placement}`);
  });
}

export function forgetNode(call: Call) {
  return withSession(call, async (session) => {
    const nodeId = nodeIdOf(call);
    if (mustAsk(session.io, call)) await confirm(session.io, `Forget node ${nodeId}`);
    const answer = await session.client.forgetNode({ params: { nodeId } });
    printOne(session, answer, () => `Node ${answer.id} is forgotten.\n`);
  });
}

export function operationId(call: Call): string {
  const text = call.args[0] as string;
  if (!isIdOf('operation', text)) throw notFound('operation', text);
  return text;
}

function nodeIdOf(call: Call): string {
  const text = call.args[0] as string;
  if (text === '') throw notFound('node', text);
  return text;
}

function about(first: Operation['resources'][number] | undefined, more: number): string | null {
  if (first === undefined) return null;
  return `${wordsOf(first.kind)} ${first.name}${more > 0 ? ` and ${more} more` : ''}`;
}
