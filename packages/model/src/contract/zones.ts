import { Id } from '../identifiers.ts';
import { Deleted } from '../resources/operation.ts';
import { Region, RegionCreate, RegionPatch, RegionWritten } from '../resources/region.ts';
import { Zone, ZoneCreate, ZonePatch, ZoneWritten } from '../resources/zone.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route } from './route.ts';

const tags = ['zones'] as const;
const regionParams = Type.Object({ regionId: Id('region', 'Identifier of the region.') });
const zoneParams = Type.Object({ zoneId: Id('zone', 'Identifier of the zone.') });
const region = '/v1/regions/{regionId}';
const zone = '/v1/zones/{zoneId}';

/** Everybody may look at regions and zones; they belong to the installation. */
export const zoneRoutes = {
  listRegions: {
    method: 'GET',
    path: '/v1/regions',
    summary: 'List regions',
    tags,
    query: ListQuery({ name: NameFilter }),
    status: 200,
    response: Page(Region),
  },
  createRegion: {
    method: 'POST',
    path: '/v1/regions',
    summary: 'Create a region',
    tags,
    body: Ref(RegionCreate),
    status: 201,
    response: Ref(RegionWritten),
    idempotent: true,
    role: 'admin',
    reach: 'all',
  },
  getRegion: {
    method: 'GET',
    path: region,
    summary: 'Show a region',
    tags,
    params: regionParams,
    status: 200,
    response: Ref(Region),
  },
  updateRegion: {
    method: 'PATCH',
    path: region,
    summary: 'Change a region',
    tags,
    params: regionParams,
    body: Ref(RegionPatch),
    status: 200,
    response: Ref(RegionWritten),
    ifMatch: true,
    role: 'admin',
    reach: 'all',
  },
  deleteRegion: {
    method: 'DELETE',
    path: region,
    summary: 'Delete a region',
    description: 'Refused while a zone or a load balancer is in it.',
    tags,
    params: regionParams,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
    role: 'admin',
    reach: 'all',
  },
  listZones: {
    method: 'GET',
    path: '/v1/zones',
    summary: 'List zones',
    tags,
    query: ListQuery({ name: NameFilter, region: Type.Optional(Type.String({ description: 'Only of this region.' })) }),
    status: 200,
    response: Page(Zone),
  },
  createZone: {
    method: 'POST',
    path: '/v1/zones',
    summary: 'Create a zone',
    tags,
    body: Ref(ZoneCreate),
    status: 201,
    response: Ref(ZoneWritten),
    idempotent: true,
    role: 'admin',
    reach: 'all',
  },
  getZone: {
    method: 'GET',
    path: zone,
    summary: 'Show a zone',
    tags,
    params: zoneParams,
    status: 200,
    response: Ref(Zone),
  },
  updateZone: {
    method: 'PATCH',
    path: zone,
    summary: 'Change a zone',
    tags,
    params: zoneParams,
    body: Ref(ZonePatch),
    status: 200,
    response: Ref(ZoneWritten),
    ifMatch: true,
    role: 'admin',
    reach: 'all',
  },
  deleteZone: {
    method: 'DELETE',
    path: zone,
    summary: 'Delete a zone',
    description: 'Refused while a node, a target or a load balancer names it.',
    tags,
    params: zoneParams,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
    role: 'admin',
    reach: 'all',
  },
} as const satisfies Record<string, Route>;
