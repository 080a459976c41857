import { items } from '@evenkeel/client/items.ts';
import { networkKey, networkText } from '@evenkeel/model/block-list/network-key.ts';
import { DENY_LIST } from '@evenkeel/model/deny-list-limits.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { DenyEntry, DenyEntryInput, DenyListChanged } from '@evenkeel/model/resources/deny-list.ts';
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

/** Bytes of a file: a million lines of some length. */
const LARGEST_FILE = 128 * 1024 * 1024;

const columns: Column<DenyEntry>[] = [
  { head: 'SOURCE', of: ({ source }) => source },
  { head: 'ACTION', of: ({ action }) => action },
  { head: 'UNTIL', of: ({ until }) => until },
  { head: 'NOTE', of: ({ note }) => note },
];

export function show(call: Call) {
  return withSession(call, async (session) => {
    const list = await session.client.getDenyList({});
    const ids = [String(list.addresses + list.networks)];
    print(session, { json: list, ids, text: () => details(list, session.paint) });
  });
}

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = { limit: PAGE.maximum };
    const all = await Array.fromAsync(items(session.client.listDenyEntries, { query }));
    printList(session, all, columns, ({ source }) => source);
  });
}

export function add(call: Call) {
  return withSession(call, async (session) => {
    const sources = call.args[0] as readonly string[];
    await put(
      session,
      sources.map((source) => ({ source, ...given(call.options) })),
    );
  });
}

export function load(call: Call) {
  return withSession(call, async (session) => {
    const path = call.args[0] as string;
    const text = await readTextFile(path, session.io, LARGEST_FILE);
    const standard = given(call.options);
    const read = parseBlockFile(inputName(path), text, {});
    const entries = read.map(({ reason, ...entry }) => ({ ...standard, ...entry, ...(reason && { note: reason }) }));
    // The last word on a source counts, as it would if each line were a call.
    await put(session, [...new Map(entries.map((entry) => [networkText(networkKey(entry.source)!), entry])).values()]);
  });
}

export function remove(call: Call) {
  return withSession(call, async (session) => {
    const sources = call.args[0] as readonly string[];
    let changed = 0;
    let answer: DenyListChanged | null = null;
    for (const some of inParts(sources, DENY_LIST.atOnce)) {
      answer = await session.client.removeFromDenyList({ body: { sources: [...some] } });
      changed += answer.changed;
    }
    if (answer !== null) report(session, { ...answer, changed }, `${count(changed, 'source')} taken out`);
  });
}

export function check(call: Call) {
  return withSession(call, async (session) => {
    const answer = await session.client.lookUpDeniedAddress({ query: { address: call.args[0] as string } });
    const { address, denied, entry } = answer;
    const until = entry?.until == null ? 'until it is taken out' : `until ${entry.until}`;
    const why = entry?.note ? `: ${entry.note}` : '';
    const text =
      entry === null
        ? `${address} is not denied.`
        : `${address} is ${denied ? 'denied' : 'always allowed'} by ${entry.source} ${until}${why}`;
    print(session, { json: answer, ids: entry === null ? [] : [entry.source], text: () => `${text}\n` });
  });
}

export function clear(call: Call) {
  return withSession(call, async (session) => {
    if (mustAsk(session.io, call)) {
      const { addresses, networks } = await session.client.getDenyList({});
      await confirm(session.io, `Take all of ${addresses + networks} out of the deny list?`);
    }
    const answer = await session.client.clearDenyList({});
    report(session, answer, `${count(answer.changed, 'source')} taken out`);
  });
}

/** What the options say of all sources. */
function given({ allow, seconds, note }: OptionValues): Omit<DenyEntryInput, 'source'> {
  return {
    ...(allow === true && { action: 'allow' as const }),
    ...(seconds !== undefined && { seconds: seconds === NONE ? null : (seconds as number) }),
    ...(note !== undefined && { note: note as string }),
  };
}

/** In calls of as many as one takes. */
async function put(session: Session, entries: readonly DenyEntryInput[]): Promise<void> {
  const send = (some: readonly DenyEntryInput[]) => session.client.denySources({ body: { entries: [...some] } });
  const answer = await sendInParts(session.io, entries, DENY_LIST.atOnce, 'in the list', send);
  report(session, { ...answer, changed: entries.length }, `${count(entries.length, 'source')} put in`);
}

function report(session: Session, json: DenyListChanged, what: string): void {
  const { changed, addresses, networks } = json;
  const there = `${addresses === 1 ? '1 address' : `${addresses} addresses`} and ${count(networks, 'network')}`;
  print(session, { json, ids: [String(changed)], text: () => `${what}: ${there} in the list.\n` });
}
