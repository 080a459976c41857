import { items } from '@evenkeel/client/items.ts';
import { BLOCK_LIST, PAGE } from '@evenkeel/model/limits.ts';
import type { BlockedSource, BlockedSourceInput, BlockListChanged } from '@evenkeel/model/resources/block-list.ts';
import type { OptionValues } from 'commander';
import type { Call } from '../commands/call.ts';
import { NONE } from '../commands/values.ts';
import { inputName, readTextFile } from '../input-file.ts';
import { details } from '../output/details.ts';
import type { Column } from '../output/table.ts';
import { count } from '../output/text.ts';
import { parseBlockFile } from './block-file.ts';
import { inParts, sendInParts } from './in-parts.ts';
import { confirm, mustAsk } from './remove.ts';
import { print, printList, type Session, withSession } from './session.ts';

/** Bytes of a file: two million lines of some length. */
const LARGEST_FILE = 256 * 1024 * 1024;

const columns: Column<BlockedSource>[] = [
  { head: 'SOURCE', of: ({ source }) => source },
  { head: 'UNTIL', of: ({ until }) => until },
  { head: 'REASON', of: ({ reason }) => reason },
];

export function show(call: Call) {
  return withSession(call, async (session) => {
    const list = await session.client.getBlockList({});
    print(session, { json: list, ids: [String(list.entries)], text: () => details(list, session.paint) });
  });
}

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = { limit: PAGE.maximum };
    const all = await Array.fromAsync(items(session.client.listBlockedSources, { query }));
    printList(session, all, columns, ({ source }) => source);
  });
}

export function add(call: Call) {
  return withSession(call, async (session) => {
    const sources = call.args[0] as readonly string[];
    await block(
      session,
      sources.map((source) => ({ source, ...given(call.options) })),
    );
  });
}

export function load(call: Call) {
  return withSession(call, async (session) => {
    const path = call.args[0] as string;
    const text = await readTextFile(path, session.io, LARGEST_FILE);
    await block(session, parseBlockFile(inputName(path), text, given(call.options)));
  });
}

export function remove(call: Call) {
  return withSession(call, async (session) => {
    const sources = call.args[0] as readonly string[];
    let changed = 0;
    let entries = 0;
    for (const some of inParts(sources, BLOCK_LIST.atOnce)) {
      const answer = await session.client.unblockSources({ body: { sources: [...some] } });
      changed += answer.changed;
      ({ entries } = answer);
    }
    report(session, { changed, entries }, `${count(changed, 'source')} taken out, ${entries} left.`);
  });
}

export function check(call: Call) {
  return withSession(call, async (session) => {
    const answer = await session.client.lookUpBlockedSource({ query: { address: call.args[0] as string } });
    const { address, entry } = answer;
    const until = entry?.until == null ? 'until it is taken out' : `until ${entry.until}`;
    const why = entry?.reason ? `: ${entry.reason}` : '';
    const text =
      entry === null ? `${address} is not blocked.` : `${address} is blocked by ${entry.source} ${until}${why}`;
    print(session, { json: answer, ids: entry === null ? [] : [entry.source], text: () => `${text}\n` });
  });
}

export function clear(call: Call) {
  return withSession(call, async (session) => {
    if (mustAsk(session.io, call)) {
      const { entries } = await session.client.getBlockList({});
      await confirm(session.io, `Take all of ${entries} out of the block list?`);
    }
    const answer = await session.client.clearBlockList({});
    report(session, answer, `${count(answer.changed, 'source')} taken out.`);
  });
}

/** What the options say of all sources. */
function given({ seconds, reason }: OptionValues): Omit<BlockedSourceInput, 'source'> {
  return {
    ...(seconds !== undefined && { seconds: seconds === NONE ? null : (seconds as number) }),
    ...(reason !== undefined && { reason: reason as string }),
  };
}

/** In calls of as many as one takes. */
async function block(session: Session, sources: readonly BlockedSourceInput[]): Promise<void> {
  const send = (some: readonly BlockedSourceInput[]) => session.client.blockSources({ body: { entries: [...some] } });
  const { entries } = await sendInParts(session.io, sources, BLOCK_LIST.atOnce, 'blocked', send);
  const changed = sources.length;
  report(session, { changed, entries }, `${count(changed, 'source')} blocked, ${entries} in all.`);
}

function report(session: Session, json: BlockListChanged, text: string): void {
  print(session, { json, ids: [String(json.changed)], text: () => `${text}\n` });
}
