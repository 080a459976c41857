import { Limit } from '../limits/limit.ts';

/** Why a message head or a chunk is refused. Numbers, because the parsers return them; each has one status. */
export const HeadError = {
  none: 0,
  /** More bytes are needed. */
  incomplete: 1,
  requestLine: 2,
  version: 3,
  fieldName: 4,
  fieldValue: 5,
  lineEnd: 6,
  tooManyFields: 7,
  hostMissing: 8,
  hostRepeated: 9,
  hostInvalid: 10,
  contentLengthInvalid: 11,
  contentLengthRepeated: 12,
  lengthAndTransferEncoding: 13,
  transferEncodingInvalid: 14,
  transferEncodingUnknown: 15,
  targetInvalid: 16,
  targetConflict: 17,
  statusLine: 18,
  headTooLarge: 19,
  targetTooLong: 20,
  expectationUnknown: 21,
  methodRefused: 22,
  chunk: 23,
  interimWithBody: 24,
} as const;
export type HeadError = (typeof HeadError)[keyof typeof HeadError];

/** Limit by error, for what is well-formed and too large. */
export const LIMIT_OF_HEAD_ERROR: Readonly<Partial<Record<HeadError, Limit>>> = {
  [HeadError.tooManyFields]: Limit.headerCount,
  [HeadError.headTooLarge]: Limit.headerSize,
  [HeadError.targetTooLong]: Limit.targetLength,
};

/** Status by error, for what a client sent. */
export const STATUS_OF_HEAD_ERROR: readonly number[] = Object.values(HeadError).map((error) => {
  switch (error) {
    case HeadError.none:
    case HeadError.incomplete:
      return 0;
    case HeadError.version:
      return 505;
    case HeadError.tooManyFields:
    case HeadError.headTooLarge:
      return 431;
    case HeadError.targetTooLong:
      return 414;
    case HeadError.transferEncodingUnknown:
      return 501;
    case HeadError.expectationUnknown:
      return 417;
    case HeadError.methodRefused:
      return 405;
    default:
      return 400;
  }
});
