import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@evenkeel/client/client.ts';
import type { Bench, Scenario } from '../bench.ts';
import { applied, startInstallation } from '../installation.ts';
import { Poller } from '../load/poller.ts';
import type { Round } from '../metrics.ts';
import { eventually } from '../process/children.ts';
import { freePorts } from '../process/ports.ts';
import { CAMPS, type Signposts, startSignposts } from '../signposts.ts';
import { quantile } from '../statistics.ts';

/** Listeners of one load balancer: what the default quota allows. */
const LISTENERS_EACH = 50;
const TARGETS_PER_GROUP = 10;
const CHANGES = 200;
const QUICK_CHANGES = 20;
const MAX_ROUNDS = 3;
/** From one poll to the next; part of what is measured. */
const POLL_MILLISECONDS = 1;

export const applyLatency10 = applyLatency(10, 50);
export const applyLatency1000 = applyLatency(1_000, 100);

function applyLatency(listeners: number, limit: number): Scenario {
  return {
    name: `apply-latency-${listeners}`,
    title:
      `${listeners.toLocaleString('en-US')} listeners, each with its own service and ${TARGETS_PER_GROUP} probed targets. ` +
      'One API call takes all weight from one half of the targets of a listener and gives it to the other half; the ' +
      'time runs from the start of the call until an answer of the other half comes through the VIP, asked once a ' +
      `millisecond. ${CHANGES} changes a round, each at another listener.`,
    targets: [{ metric: 'applyP99', kind: 'absolute', limit }],
    run: (bench) => measure(bench, bench.settings.quick ? Math.min(listeners, 100) : listeners),
  };
}

async function measure(bench: Bench, listeners: number): Promise<Map<string, Round[]>> {
  const directory = mkdtempSync(join(bench.directory, 'apply-'));
  const half = TARGETS_PER_GROUP / 2;
  const signposts = await startSignposts(directory, listeners * half, null);
  const installation = await startInstallation({ directory, workers: 1, core: null });
  const posts: Post[] = [];
  try {
    for (let made = 0; made < listeners; made += LISTENERS_EACH) {
      const count = Math.min(LISTENERS_EACH, listeners - made);
      posts.push(...(await createPosts(installation.client, signposts, made, count)));
    }
    bench.say(`${listeners} listeners are there`);
    for (const post of posts) await eventually('the first camp', async () => (await post.poller.ask()) === CAMPS[0]);
    const rounds: Round[] = [];
    for (let round = 1; round <= Math.min(MAX_ROUNDS, bench.settings.rounds); round += 1) {
      rounds.push(await changeMany(installation.client, posts, bench.settings.quick ? QUICK_CHANGES : CHANGES));
      bench.say(`round ${round}`);
    }
    return new Map([['evenkeel', rounds]]);
  } finally {
    for (const post of posts) post.poller.close();
    await installation.stop();
    await signposts.process.stop();
  }
}

/** A listener, its target group, and which half of its targets has the weight. */
interface Post {
  readonly poller: Poller;
  readonly targetGroupId: string;
  /** Identifiers of the targets by camp. */
  readonly targets: readonly (readonly string[])[];
  camp: number;
}

async function createPosts(client: Client, signposts: Signposts, offset: number, count: number): Promise<Post[]> {
  const ports = await freePorts('127.0.0.1', count);
  const half = TARGETS_PER_GROUP / 2;
  const made = await client.createLoadBalancer({
    body: {
      name: `bench-${offset}`,
      listeners: ports.map((port, index) => ({
        protocol: 'http',
        port,
        service: {
          name: `service-${index}`,
          targets: CAMPS.flatMap((camp, number) =>
            signposts
              .endpoints(camp, (offset + index) * half, half)
              .map((endpoint) => ({ ...endpoint, weight: number === 0 ? 10 : 0 })),
          ),
        },
      })),
    },
  });
  await applied(client, made.operationId);
  const groups = made.created.filter(({ kind }) => kind === 'targetGroup');
  return Promise.all(
    groups.map(async ({ id, name }) => {
      const { items } = await client.listTargets({ params: { targetGroupId: id } });
      const [left, right] = [items.filter(({ weight }) => weight > 0), items.filter(({ weight }) => weight === 0)];
      return {
        poller: new Poller(`http://${made.vip}:${ports[Number(name.split('-')[1])]}/`),
        targetGroupId: id,
        targets: [left, right].map((targets) => targets.map((target) => target.id)),
        camp: 0,
      };
    }),
  );
}

async function changeMany(client: Client, posts: readonly Post[], changes: number): Promise<Round> {
  const until: number[] = [];
  const calls: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    // A stride that has no factor in common with the number of listeners, so that each gets its turn.
    const { followed, called } = await changeOne(client, posts[(change * 7) % posts.length]);
    until.push(followed);
    calls.push(called);
    // Pauses of different lengths, so that changes do not fall into step with anything periodic.
    await sleep((change * 11) % 23);
  }
  return { applyP50: quantile(until, 0.5), applyP99: quantile(until, 0.99), callP50: quantile(calls, 0.5) };
}

/** Moves the weight to the other camp; milliseconds until traffic has followed, and until the call was answered. */
async function changeOne(client: Client, post: Post): Promise<{ readonly followed: number; readonly called: number }> {
  const next = 1 - post.camp;
  const weights = post.targets.flatMap((ids, camp) => ids.map((id) => ({ id, weight: camp === next ? 10 : 0 })));
  const start = performance.now();
  let called = Number.NaN;
  const call = client
    .updateTargets({ params: { targetGroupId: post.targetGroupId }, body: { targets: weights } })
    .then(() => {
      called = performance.now() - start;
    });
  // A call that fails ends the polling too.
  const followed = await Promise.race([call.then(() => new Promise<never>(() => {})), untilCamp(post, next, start)]);
  await call;
  post.camp = next;
  return { followed, called };
}

async function untilCamp(post: Post, camp: number, start: number): Promise<number> {
  await eventually(
    `traffic at the ${CAMPS[camp]} camp`,
    async () => (await post.poller.ask()) === CAMPS[camp],
    POLL_MILLISECONDS,
  );
  return performance.now() - start;
}
