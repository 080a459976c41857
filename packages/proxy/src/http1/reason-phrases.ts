/**
 * What the statuses are called (RFC 9110 §15). An `import` of node:http evaluates all that it exports, a WebSocket client
 * included: 60 ms of each worker's start.
 */
export const REASON_PHRASES = process.getBuiltinModule('node:http').STATUS_CODES;
