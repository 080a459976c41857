import type { Effect, Impact, TouchedListener } from '@evenkeel/model/resources/impact.ts';
import type { Colour, Paint } from '../output/colour.ts';
import { count, oneLine } from '../output/text.ts';

const MEANING: Readonly<Record<Effect, readonly [string, Colour]>> = {
  created: ['begins to listen', 'green'],
  'new-connections': ['new connections and requests alone', 'green'],
  draining: ['connections to targets that leave are drained', 'yellow'],
  ended: ['its connections are drained and end', 'red'],
};

/** Which listeners a change touches, how, and how many connections each of them has at the moment. */
export function impactText({ listeners, touched, nodes }: Impact, paint: Paint): string {
  if (touched === 0) return 'No listener is touched.\n';
  const rows = listeners.map((listener) => lineOf(listener, paint));
  const more = touched > listeners.length ? `  … and ${touched - listeners.length} more\n` : '';
  const silent = nodes
    .filter(({ answered }) => !answered)
    .map(({ node, problem }) => `  node ${node} has not told its connections: ${oneLine(problem)}\n`);
  return `Touches ${count(touched, 'listener')}; all others are left alone:\n${rows.join('')}${more}${silent.join('')}`;
}

function lineOf({ name, loadBalancer, effect, reasons, connections }: TouchedListener, paint: Paint): string {
  const [meaning, colour] = MEANING[effect];
  const open = connections === null ? 'connections not known' : count(connections, 'open connection');
  const path = oneLine(`${loadBalancer}/${name}`);
  return `  ${path}: ${paint(colour, meaning)} (${open}; ${reasons.map(oneLine).join(', ')})\n`;
}
