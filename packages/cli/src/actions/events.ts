import { followEvents, TokenEndedError } from '@evenkeel/client/events.ts';
import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Event } from '@evenkeel/model/resources/event.ts';
import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import type { Colour } from '../output/colour.ts';
import { oneLine } from '../output/text.ts';
import { loadBalancers } from './kinds.ts';
import { resolve } from './reference.ts';
import { type Session, withSession } from './session.ts';

const COLOURS: Readonly<Record<Event['severity'], Colour>> = { info: 'grey', warning: 'yellow', critical: 'red' };
/** Characters of the longest word of severity. */
const SEVERITY = 8;

export function events(call: Call) {
  return withSession(call, async (session) => {
    const { from, to, follow } = call.options;
    const limit = Math.max(0, call.options.limit as number);
    const filters = await filtersOf(session, call);
    if (follow === true && to !== undefined) throw new CliFailure(EXIT.usage, 'give --follow or --to, not both.');
    const times = {
      ...(from !== undefined && { from: from as string }),
      ...(to !== undefined && { to: to as string }),
    };
    // What is followed goes on after the newest of all, whatever is shown of those before it.
    const newest = follow === true ? (await session.client.listEvents({ query: { limit: 1 } })).items[0] : undefined;
    const past: Event[] = [];
    if (limit > 0) {
      const query = { ...filters, ...times, limit: Math.min(limit, PAGE.maximum) };
      for await (const event of items(session.client.listEvents, { query })) {
        // It may have happened since: the stream has it.
        if (newest === undefined || event.id <= newest.id) past.push(event);
        if (past.length === limit) break;
      }
    }
    // What goes on below is read from the top.
    if (follow === true || call.options.oldestFirst === true) past.reverse();
    if (follow !== true && session.form === 'json') session.io.out(`${JSON.stringify(past, null, 2)}\n`);
    else for (const event of past) show(session, event);
    if (follow === true) await goOn(session, { ...filters, ...(newest && { after: newest.id }) });
  });
}

async function goOn(session: Session, query: object): Promise<void> {
  const stream = followEvents(session.connection, {
    query,
    interrupted: (reason) => session.io.err(`The stream broke off (${oneLine(reason)}); trying again.\n`),
    gap: () => session.io.err('Some events are missing here: they were no longer kept.\n'),
  });
  try {
    for await (const event of stream) {
      show(session, event);
      await session.io.drained();
    }
  } catch (error) {
    if (error instanceof TokenEndedError) throw new CliFailure(EXIT.failed, `${error.message}.`);
    throw error;
  }
}

function show({ form, io, paint }: Session, event: Event): void {
  if (form === 'json') io.out(`${JSON.stringify(event)}\n`);
  else if (form === 'quiet') io.out(`${event.id}\n`);
  else {
    const severity = paint(COLOURS[event.severity], event.severity.padEnd(SEVERITY));
    io.out(`${event.at}  ${severity}  ${event.kind}  ${oneLine(event.message)}\n`);
  }
}

async function filtersOf(session: Session, { options }: Call) {
  const { kind, severity, subject, lb } = options;
  return {
    ...(kind !== undefined && { kind: kind as Event['kind'] }),
    ...(severity !== undefined && { severity: severity as Event['severity'] }),
    ...(subject !== undefined && { subjectId: subject as string }),
    ...(lb !== undefined && { loadBalancerId: (await resolve(session, loadBalancers, lb as string)).id }),
  };
}
