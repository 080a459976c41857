import type { Io } from '../io.ts';

export type Colour = 'red' | 'green' | 'yellow' | 'grey' | 'bold';

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  grey: [90, 39],
  bold: [1, 22],
};

export type Paint = (colour: Colour, text: string) => string;

/** Colours on a terminal, unless NO_COLOR is set (https://no-color.org) or the terminal is a dumb one. */
export function painter(io: Pick<Io, 'env' | 'outIsTerminal'>): Paint {
  const coloured = io.outIsTerminal && !io.env.NO_COLOR && io.env.TERM !== 'dumb';
  return (colour, text) => {
    if (!coloured) return text;
    const [on, off] = CODES[colour];
    return `\u001B[${on}m${text}\u001B[${off}m`;
  };
}

/** The colour of a word of state, wherever it stands. */
export function colourOf(state: string): Colour | null {
  switch (state.split(' since ', 1)[0]) {
    case 'active':
    case 'applied':
    case 'healthy':
    case 'online':
      return 'green';
    case 'pending':
    case 'detecting':
    case 'unchecked':
    case 'disabled':
    case 'disabling':
    case 'stopping':
    case 'stopped':
      return 'yellow';
    case 'refused':
    case 'degraded':
    case 'unhealthy':
    case 'offline':
      return 'red';
    default:
      return null;
  }
}
