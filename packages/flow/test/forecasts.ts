import assert from 'node:assert/strict';
import { addressText } from '../src/datapath/address.ts';
import type { Datapath } from '../src/datapath/datapath.ts';
import type { Fate, FlowForecaster } from '../src/datapath/flow-forecast.ts';
import type { Flow } from '../src/datapath/flow-hash.ts';
import type { Outcome } from '../src/datapath/layout.ts';

/** As many targets as the small maps of a scene count. */
const COUNTED = 64;
/** What becomes of a packet by what is in it alone, which a forecast for sound packets does not look at. */
const OF_THE_PACKET: readonly Outcome[] = [
  ...(['malformed', 'fragment', 'extensions', 'hop_limit', 'too_big', 'no_room', 'syn_rate', 'verified'] as const),
  // Whether a moment earlier one more would have been allowed, is another question.
  ...(['packet_rate', 'flow_rate'] as const),
];
const [SYN, ACK, OTHERS] = [0x02, 0x10, 0x05];

/**
 * Has the forecast of a frame's flow made before the program runs on it. The result is called afterwards, with what the
 * program has counted, and fails where the two do not agree.
 */
export function forecastOf(frame: Buffer, forecaster: FlowForecaster, datapath: Datapath) {
  const seen = sightOf(frame);
  if (seen === null) return () => {};
  const forecast = forecaster.forecast(seen.flow);
  const fate = forecast === null ? null : seen.opens ? forecast.opening : forecast.following;
  const packets = () => (countsAt(fate) ? datapath.targetTraffic(fate.target).packets : 0n);
  const [outcomes, before] = [datapath.outcomes(), packets()];
  return () => {
    const now = datapath.outcomes();
    const told = (Object.keys(now) as Outcome[]).filter((name) => now[name] !== outcomes[name]);
    if (told.some((name) => OF_THE_PACKET.includes(name))) return;
    if (fate !== null && ['packet_rate', 'flow_rate'].includes(fate.outcome)) return;
    const what = `${JSON.stringify(seen.flow)}, of which the forecast was ${JSON.stringify(fate)}`;
    if (fate === null) assert.ok(told.includes('not_ours') || told.includes('returned'), `${told} of ${what}`);
    else if (fate.outcome === 'forwarded') assert.deepEqual(told, [], what);
    else assert.deepEqual(told, [fate.outcome], what);
    if (countsAt(fate)) assert.equal(packets() - before, 1n, what);
  };
}

/** Only what is forwarded is counted for its target by the program. */
function countsAt(fate: Fate | null): fate is Fate {
  return fate !== null && fate.outcome === 'forwarded' && fate.target < COUNTED;
}

/** The flow of a whole TCP or UDP packet to this host that begins a connection or goes on with one; else null. */
function sightOf(frame: Buffer): { readonly flow: Flow; readonly opens: boolean } | null {
  if ((frame[0]! & 1) !== 0) return null;
  const type = frame.readUInt16BE(12);
  const isIPv4 = type === 0x0800;
  if (!isIPv4 && type !== 0x86dd) return null;
  if (isIPv4 && (frame[14] !== 0x45 || (frame.readUInt16BE(20) & 0x3fff) !== 0)) return null;
  const number = frame[isIPv4 ? 23 : 20]!;
  if (number !== 6 && number !== 17) return null;
  const [source, length] = isIPv4 ? [26, 4] : [22, 16];
  const transport = source + 2 * length;
  if (frame.length < transport + (number === 6 ? 20 : 8)) return null;
  const flags = number === 6 ? frame[transport + 13]! : ACK;
  if ((flags & OTHERS) !== 0 || (flags & (SYN | ACK)) === 0 || (flags & (SYN | ACK)) === (SYN | ACK)) return null;
  const flow: Flow = {
    client: textOf(frame.subarray(source, source + length)),
    vip: textOf(frame.subarray(source + length, transport)),
    clientPort: frame.readUInt16BE(transport),
    vipPort: frame.readUInt16BE(transport + 2),
    protocol: number === 6 ? 'tcp' : 'udp',
  };
  return { flow, opens: (flags & SYN) !== 0 || number === 17 };
}

function textOf(bytes: Buffer): string {
  return bytes.length === 4 ? [...bytes].join('.') : addressText(bytes);
}
