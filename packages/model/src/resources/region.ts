import { Id } from '../identifiers.ts';
import { Input, Output, optional, Patch } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { ZONE_NAME } from '../zones.ts';
import { Description, resource, Tags, Written } from './attributes.ts';

const settings = { description: Description, tags: Tags };

const RegionName = Type.String({
  ...ZONE_NAME,
  description: 'Fixed after creation: load balancers and zones name it.',
});

const properties = { ...resource(Id('region', 'Identifier of the region.'), settings), name: RegionName };

export const Region = Output('Region', properties, 'A place with zones. A load balancer is in one region.');
export type Region = Static<typeof Region>;

export const RegionWritten = Written('RegionWritten', properties);

export const RegionCreate = Input('RegionCreate', { name: RegionName, ...optional(settings) });
export type RegionCreate = Static<typeof RegionCreate>;

export const RegionPatch = Patch('RegionPatch', settings);
export type RegionPatch = Static<typeof RegionPatch>;
