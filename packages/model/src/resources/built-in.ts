import { Nullable, Timestamp } from '../schema.ts';
import { Type } from '../type.ts';
import { Generation } from './attributes.ts';

/** Attributes of kinds of which some objects come with the product. */

export const BuiltIn = Type.Boolean({
  description: 'Whether it comes with the product, and can be neither changed nor deleted.',
});

export const historyOrNone = {
  generation: Generation,
  createdAt: Nullable(Timestamp('Creation; null for what is built in')),
  updatedAt: Nullable(Timestamp('Last change; null for what is built in')),
};
