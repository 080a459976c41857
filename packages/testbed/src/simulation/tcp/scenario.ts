import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { DialoguePlan, PeerPlan, TcpScenario } from './plan.ts';

/** Draws who says what to whom. */
export function drawTcpScenario(random: Random, strict: boolean, origins: number): TcpScenario {
  return {
    strict,
    origins: Array.from({ length: origins }, (_, index) => ({
      label: `origin-${index}`,
      address: `10.2.0.${index + 1}`,
      port: 9000,
    })),
    dialogues: Array.from({ length: random.between(1, 6) }, (_, index) => drawDialogue(random, index, strict)),
  };
}

function drawDialogue(random: Random, index: number, strict: boolean): DialoguePlan {
  const client = drawPeer(random, strict);
  const origin = drawPeer(random, strict);
  // Somebody has to begin, and somebody has to end.
  const clientWaits =
    client.speaks === 'after the end' && (origin.speaks === 'after the end' || origin.ending === 'wait');
  const originWaits = origin.speaks === 'after the end' && client.ending === 'wait';
  const bothKeepOpen = client.ending === 'wait' && origin.ending === 'wait';
  return {
    id: `d${index}`,
    address: `10.1.0.${index + 1}`,
    startsAfter: random.pick([0, 1, random.between(0, 300)]),
    client: {
      ...client,
      speaks: clientWaits ? 'at once' : client.speaks,
      ending: bothKeepOpen || originWaits ? 'end' : client.ending,
    },
    origin,
  };
}

function drawPeer(random: Random, strict: boolean): PeerPlan {
  const length = random.pick([0, 1, random.between(1, 200), random.between(200, 5000), random.between(5000, 250_000)]);
  return {
    length,
    piece: random.pick([1, 100, 5000, 300_000]),
    pause: random.pick([0, 0, 0, 1, 20]),
    speaks: random.pick(['at once', 'at once', 'when addressed', 'after the end'] as const),
    readPause: random.pick([0, 0, 0, 2, 25]),
    ending: random.pick(['end', 'end', 'wait'] as const),
    fault:
      strict || random.chance(0.6)
        ? null
        : { kind: random.pick(['reset', 'stall', 'close'] as const), after: random.below(length + 1) },
  };
}
