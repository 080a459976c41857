import type { Target, TargetPatch } from '@evenkeel/model/resources/target.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { nameField, targetFields } from '../commands/resource-fields.ts';
import type { TargetSpec } from '../commands/values.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { details } from '../output/details.ts';
import { count } from '../output/text.ts';
import { Names, placeOf, targetColumns } from './columns.ts';
import { targetGroups } from './kinds.ts';
import { resolvePart } from './reference.ts';
import { confirm, mustAsk } from './remove.ts';
import { printList, printOne, withSession } from './session.ts';
import { TargetFinder } from './target-reference.ts';
import { patchOf, precondition, written, writtenAll } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const all = await new TargetFinder(session, call.options).all(call.options.address);
    const names = session.form === 'text' ? await Names.load(session.client, 'listTargetGroups') : new Names();
    printList(session, all, targetColumns(names), (target) => target.id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const target = await new TargetFinder(session, call.options).find(call.args[0] as string);
    printOne(session, target, () => details(target, session.paint));
  });
}

export function register(call: Call) {
  return withSession(call, async (session) => {
    const { options } = call;
    const group = await resolvePart(session, targetGroups, options.group, options.lb);
    const shared = bodyOf(targetFields, options);
    const targets = (call.args[0] as readonly TargetSpec[]).map((spec) => ({ ...shared, ...spec }));
    const answer = await session.client.registerTargets({
      params: { targetGroupId: group.id },
      body: { targets },
    });
    const message = `${count(answer.targets.length, 'target')} registered in ${group.name}: ${places(answer.targets)}.`;
    await writtenAll(session, answer, answer.targets, message, options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const { options, args } = call;
    const body = patchOf<TargetPatch>([nameField, ...targetFields], options);
    const texts = args[0] as readonly string[];
    const { targetGroupId, targets } = await new TargetFinder(session, options).findInOneGroup(texts);
    if (targets.length === 1) {
      const [{ id: targetId }] = targets;
      const changed = await session.client.updateTarget({
        params: { targetGroupId, targetId },
        body,
        ...precondition(options),
      });
      return written(session, changed, `Target ${placeOf(changed)} changed.`, changed.operationId, options);
    }
    if (options.ifMatch !== undefined) throw new CliFailure(EXIT.usage, '--if-match is for one object: name one.');
    const answer = await session.client.updateTargets({
      params: { targetGroupId },
      body: { targets: targets.map(({ id }) => ({ id, ...body })) },
    });
    const message = `${count(answer.targets.length, 'target')} changed: ${places(answer.targets)}.`;
    await writtenAll(session, answer, answer.targets, message, options);
  });
}

export function deregister(call: Call) {
  return withSession(call, async (session) => {
    const finder = new TargetFinder(session, call.options);
    const { targetGroupId, targets } = await finder.findInOneGroup(call.args[0] as readonly string[]);
    if (mustAsk(session.io, call)) {
      await confirm(session.io, `Deregister ${count(targets.length, 'target')}: ${places(targets)}`);
    }
    const answer = await session.client.deregisterTargets({
      params: { targetGroupId },
      body: { targetIds: targets.map(({ id }) => id) },
    });
    const message = `${count(answer.targets.length, 'target')} deregistered: ${places(answer.targets)}.`;
    await writtenAll(session, answer, answer.targets, message, call.options);
  });
}

function places(targets: readonly Target[]): string {
  return targets.map(placeOf).join(', ');
}
