/** A response to GET as one reader or another understood it. All text is Latin-1. */
export interface ResponseMessage {
  readonly status: number;
  readonly minor: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** The responses that were read, interim ones included; reading ends with the first final one. */
export interface ResponseReading {
  readonly messages: readonly ResponseMessage[];
  readonly end: 'whole' | 'incomplete' | 'refused';
}
