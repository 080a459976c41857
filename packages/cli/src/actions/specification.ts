import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type {
  Specification,
  SpecificationCreate,
  SpecificationPatch,
} from '@evenkeel/model/resources/specification.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { specificationFields } from '../commands/resource-fields.ts';
import type { Column } from '../output/table.ts';
import { printList, withSession } from './session.ts';
import { patchOf, precondition, written } from './write.ts';

const columns: Column<Specification>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'CONNECTIONS', of: ({ connections }) => connections },
  { head: 'NEW A SECOND', of: ({ connectionsPerSecond }) => connectionsPerSecond },
  { head: 'REQUESTS A SECOND', of: ({ requestsPerSecond }) => requestsPerSecond },
  { head: 'BUILT IN', of: ({ builtIn }) => (builtIn ? 'yes' : 'no') },
];

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = { limit: PAGE.maximum };
    const all = await Array.fromAsync(items(session.client.listSpecifications, { query }));
    printList(session, all, columns, ({ id }) => id);
  });
}

/** What is not said is not limited. */
const NO_LIMITS = { connections: null, connectionsPerSecond: null, requestsPerSecond: null };

export function create(call: Call) {
  return withSession(call, async (session) => {
    const name = call.args[0] as string;
    const body = { name, ...NO_LIMITS, ...bodyOf(specificationFields, call.options) } as SpecificationCreate;
    const made = await session.client.createSpecification({ body });
    await written(session, made, `Specification ${made.name} created.`, made.operationId, call.options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const body = patchOf<SpecificationPatch>(specificationFields, call.options);
    const params = { specification: call.args[0] as string };
    const changed = await session.client.updateSpecification({ params, body, ...precondition(call.options) });
    await written(session, changed, `Specification ${changed.name} changed.`, changed.operationId, call.options);
  });
}

export function remove(call: Call) {
  return withSession(call, async (session) => {
    const params = { specification: call.args[0] as string };
    const gone = await session.client.deleteSpecification({ params, ...precondition(call.options) });
    await written(session, gone, `Specification ${gone.id} deleted.`, gone.operationId, call.options);
  });
}
