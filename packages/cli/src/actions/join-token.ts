import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { JoinToken, JoinTokenCreate } from '@evenkeel/model/resources/join-token.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { joinTokenFields } from '../commands/join-token.ts';
import { details } from '../output/details.ts';
import type { Column } from '../output/table.ts';
import { isIdOf, notFound } from './reference.ts';
import { confirm, mustAsk } from './remove.ts';
import { print, printList, printOne, withSession } from './session.ts';

const COLUMNS: readonly Column<JoinToken>[] = [
  { head: 'ID', of: ({ id }) => id },
  { head: 'STATUS', of: ({ status }) => status },
  { head: 'ZONE', of: ({ zone }) => zone },
  { head: 'NODE', of: ({ nodeId }) => nodeId },
  { head: 'USED', of: ({ used, uses }) => `${used} of ${uses}` },
  { head: 'EXPIRES', of: ({ expiresAt }) => expiresAt },
  { head: 'DESCRIPTION', of: ({ description }) => description },
];

export function list(call: Call) {
  return withSession(call, async (session) => {
    const { status } = call.options;
    const query = { limit: PAGE.maximum, ...(status !== undefined && { status: status as JoinToken['status'] }) };
    const all = await Array.fromAsync(items(session.client.listJoinTokens, { query }));
    printList(session, all, COLUMNS, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const token = await session.client.getJoinToken({ params: { joinTokenId: idOf(call) } });
    printOne(session, token, () => details(token, session.paint));
  });
}

/** Prints the token itself: by itself for a script that asked for nothing else. */
export function create(call: Call) {
  return withSession(call, async (session) => {
    const { node } = call.options;
    const body = { ...bodyOf(joinTokenFields, call.options), ...(node !== undefined && { nodeId: node }) };
    const made = await session.client.createJoinToken({ body: body as JoinTokenCreate });
    const whom = made.nodeId !== null ? `the node ${made.nodeId}` : made.uses === 1 ? 'one node' : `${made.uses} nodes`;
    const where = made.zone === null ? '' : ` of the zone ${made.zone}`;
    const text = () =>
      `Join token ${made.id} created, for ${whom}${where}, until ${made.expiresAt}. Nobody can show it again:\n` +
      `${made.token}\n\nOn the machine of the node, with the address by which it reaches this control plane:\n` +
      `EVENKEEL_JOIN_TOKEN=${made.token} evenkeel start --join https://CONTROL:7700 --node-name ${made.nodeId ?? 'NAME'}\n`;
    print(session, { json: made, ids: [made.token], text });
  });
}

export function revoke(call: Call) {
  return withSession(call, async (session) => {
    const joinTokenId = idOf(call);
    if (mustAsk(session.io, call)) await confirm(session.io, `Revoke join token ${joinTokenId}`);
    const token = await session.client.revokeJoinToken({ params: { joinTokenId } });
    printOne(session, token, () => `Join token ${token.id} is revoked.\n`);
  });
}

export function revokeNode(call: Call) {
  return withSession(call, async (session) => {
    const nodeId = call.args[0] as string;
    if (nodeId === '') throw notFound('node', nodeId);
    if (mustAsk(session.io, call)) {
      await confirm(session.io, `Revoke node ${nodeId}: it goes on with the plan that it has until you stop it there`);
    }
    const node = await session.client.revokeNode({ params: { nodeId } });
    printOne(
      session,
      node,
      () => `Node ${node.id} is revoked. Stop its agent: it goes on with the plan that it has.\n`,
    );
  });
}

function idOf(call: Call): string {
  const text = call.args[0] as string;
  if (!isIdOf('joinToken', text)) throw notFound('join token', text);
  return text;
}
