import { Id } from '../identifiers.ts';
import { Input, Output, optional, Patch } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { LOCAL_REGION, ZONE_NAME } from '../zones.ts';
import { Description, resource, Tags, Written } from './attributes.ts';

const settings = { description: Description, tags: Tags };

const ZoneName = Type.String({
  ...ZONE_NAME,
  description: 'Fixed after creation: nodes, targets and load balancers name it.',
});

const region = Type.String({
  ...ZONE_NAME,
  default: LOCAL_REGION.name,
  description: 'Name of the region that it is in. Fixed after creation.',
});

const properties = { ...resource(Id('zone', 'Identifier of the zone.'), { region, ...settings }), name: ZoneName };

export const Zone = Output('Zone', properties, 'A part of a region that fails apart from the others.');
export type Zone = Static<typeof Zone>;

export const ZoneWritten = Written('ZoneWritten', properties);

export const ZoneCreate = Input('ZoneCreate', {
  name: ZoneName,
  region: Type.Optional(region),
  ...optional(settings),
});
export type ZoneCreate = Static<typeof ZoneCreate>;

export const ZonePatch = Patch('ZonePatch', settings);
export type ZonePatch = Static<typeof ZonePatch>;
