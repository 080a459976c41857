/** A request as one reader or another understood it, to be compared with how the others did. All text is Latin-1. */
export interface Message {
  readonly method: string;
  readonly target: string;
  readonly minor: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/**
 * What a reader made of a stream of bytes: the requests that it took, and how it ended: at the end of the bytes between
 * two requests or within one, or by a refusal.
 */
export interface Reading {
  readonly messages: readonly Message[];
  readonly end: 'whole' | 'incomplete' | 'refused';
}
