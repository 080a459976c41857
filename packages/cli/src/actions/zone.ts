import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Region, RegionCreate, RegionPatch } from '@evenkeel/model/resources/region.ts';
import type { Zone, ZoneCreate, ZonePatch } from '@evenkeel/model/resources/zone.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { commonFields } from '../commands/resource-fields.ts';
import { details } from '../output/details.ts';
import type { Column } from '../output/table.ts';
import { regions, zones } from './kinds.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, withSession } from './session.ts';
import { patchOf, precondition } from './write.ts';

const REGIONS: readonly Column<Region>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'DESCRIPTION', of: ({ description }) => description },
];

const ZONES: readonly Column<Zone>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'REGION', of: ({ region }) => region },
  { head: 'ID', of: ({ id }) => id },
  { head: 'DESCRIPTION', of: ({ description }) => description },
];

export function listRegions(call: Call) {
  return withSession(call, async (session) => {
    const all = await Array.fromAsync(items(session.client.listRegions, { query: { limit: PAGE.maximum } }));
    printList(session, all, REGIONS, ({ id }) => id);
  });
}

export function showRegion(call: Call) {
  return withSession(call, async (session) => {
    const region = await resolve(session, regions, call.args[0] as string);
    printOne(session, region, () => details(region, session.paint));
  });
}

export function createRegion(call: Call) {
  return withSession(call, async (session) => {
    const body = { name: call.args[0], ...bodyOf(commonFields, call.options) } as RegionCreate;
    const made = await session.client.createRegion({ body });
    printOne(session, made, () => `Region ${made.name} (${made.id}) created.\n`);
  });
}

export function updateRegion(call: Call) {
  return withSession(call, async (session) => {
    const body = patchOf<RegionPatch>(commonFields, call.options);
    const { id } = await resolve(session, regions, call.args[0] as string);
    const params = { regionId: id };
    const made = await session.client.updateRegion({ params, body, ...precondition(call.options) });
    printOne(session, made, () => `Region ${made.name} changed.\n`);
  });
}

export function removeRegions(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'region',
      find: (text) => resolve(session, regions, text),
      describe: async ({ name, id }) => `${name} (${id})`,
      remove: ({ id }) => session.client.deleteRegion({ params: { regionId: id }, ...precondition(call.options) }),
    }),
  );
}

export function listZones(call: Call) {
  return withSession(call, async (session) => {
    const region = call.options.region as string | undefined;
    const query = { limit: PAGE.maximum, ...(region !== undefined && { region }) };
    printList(session, await Array.fromAsync(items(session.client.listZones, { query })), ZONES, ({ id }) => id);
  });
}

export function showZone(call: Call) {
  return withSession(call, async (session) => {
    const zone = await resolve(session, zones, call.args[0] as string);
    printOne(session, zone, () => details(zone, session.paint));
  });
}

export function createZone(call: Call) {
  return withSession(call, async (session) => {
    const region = call.options.region as string | undefined;
    const named = { name: call.args[0], ...(region !== undefined && { region }) };
    const body = { ...named, ...bodyOf(commonFields, call.options) } as ZoneCreate;
    const made = await session.client.createZone({ body });
    printOne(session, made, () => `Zone ${made.name} (${made.id}) created in region ${made.region}.\n`);
  });
}

export function updateZone(call: Call) {
  return withSession(call, async (session) => {
    const body = patchOf<ZonePatch>(commonFields, call.options);
    const { id } = await resolve(session, zones, call.args[0] as string);
    const made = await session.client.updateZone({ params: { zoneId: id }, body, ...precondition(call.options) });
    printOne(session, made, () => `Zone ${made.name} changed.\n`);
  });
}

export function removeZones(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'zone',
      find: (text) => resolve(session, zones, text),
      describe: async ({ name, id }) => `${name} (${id})`,
      remove: ({ id }) => session.client.deleteZone({ params: { zoneId: id }, ...precondition(call.options) }),
    }),
  );
}
