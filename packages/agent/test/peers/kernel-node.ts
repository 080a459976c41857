// The kernel datapath of node agents, in a network namespace of its own. Arguments: home folder, BPF file system. Takes
// lines of JSON, { agent, command, … }, and answers each with one (`turns`: those that the main thread has had for others
// while a plan was last being applied). Agents of different names have the same home, as the versions before and after an
// upgrade do; their proxies only say what they are told.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { BlockTable } from '@evenkeel/model/block-list/block-table.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { EngineChange, EngineService } from '@evenkeel/proxy/engine/engine.ts';
import { pino } from 'pino';
import type { DatapathEngine } from '../../src/datapath/datapath-engine.ts';
import { datapathEngine } from '../../src/datapath/open-kernel-path.ts';

export interface Order {
  readonly agent: string;
  readonly command: 'apply' | 'block' | 'hand-off' | 'take-back' | 'tear-down' | 'turns';
  readonly services?: readonly EngineService[];
  readonly listeners?: readonly PlannedListener[];
  /** Identifiers of listeners. */
  readonly removed?: readonly string[];
  /** Addresses to be blocked, as four bytes. */
  readonly blocked?: readonly number[];
}

const [home, bpfFolder] = process.argv.slice(2) as [string, string];
const agents = new Map<string, DatapathEngine>();
let turns = 0;

function agentOf(name: string): DatapathEngine {
  const known = agents.get(name);
  if (known !== undefined) return known;
  const setting = {
    setting: 'auto',
    attach: 'tcx',
    routing: 'direct',
    containers: 'direct',
    devices: [],
    bpfFolder,
    writtenFlows: 65_536,
  } as const;
  const log = pino({ level: 'warn' }, process.stderr);
  const made = datapathEngine({ apply: async () => [] }, setting, home, join(home, 'kernel.json'), log);
  agents.set(name, made);
  return made;
}

/** Applies a change, and goes on with what waits for the kernel to be opened. */
async function applyAll(datapath: DatapathEngine, change: EngineChange): Promise<void> {
  await datapath.apply(change);
  for (let waiting = datapath.undecided(); waiting !== null; waiting = datapath.undecided()) {
    await waiting;
    await datapath.apply({ shared: new Map(), services: new Map(), listeners: new Map() });
  }
}

async function follow({
  agent,
  command,
  services = [],
  listeners = [],
  removed = [],
  blocked = [],
}: Order): Promise<unknown> {
  const datapath = agentOf(agent);
  switch (command) {
    case 'apply': {
      turns = 0;
      const counting = setInterval(() => turns++, 1);
      await applyAll(datapath, {
        shared: new Map(),
        services: new Map(services.map((one) => [one.service.id, one])),
        listeners: new Map([
          ...listeners.map((one) => [one.id, one] as const),
          ...removed.map((id) => [id, null] as const),
        ]),
      }).finally(() => clearInterval(counting));
      return datapath.carried().map(({ listenerId, datapath: by, detail }) => `${listenerId}: ${by} ${detail}`);
    }
    case 'block': {
      const table = new BlockTable({ seed: 1, isShared: true });
      for (const address of blocked) table.put(Uint32Array.of(address), 32, 2 ** 31, 0);
      const blockLists = new Map([[DEFAULT_TENANT.id, table.memory]]);
      await datapath.apply({ shared: new Map(), services: new Map(), listeners: new Map(), blockLists });
      return [];
    }
    case 'hand-off':
      await datapath.handOff();
      return null;
    case 'take-back':
      return datapath.takeBack();
    case 'tear-down':
      await datapath.tearDown();
      return null;
    case 'turns':
      return turns;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await follow(JSON.parse(line) as Order).catch((error: Error) => ({ error: error.stack }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
