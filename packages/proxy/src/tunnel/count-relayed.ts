import { ListenerCell, TargetCell } from '../telemetry/cells.ts';

/** Counts bytes that came from one side and go to the other. */
export function countRelayed(listener: Float64Array, target: Float64Array, fromClient: boolean, bytes: number): void {
  if (fromClient) {
    listener[ListenerCell.bytesReceived]! += bytes;
    target[TargetCell.bytesSent]! += bytes;
  } else {
    listener[ListenerCell.bytesSent]! += bytes;
    target[TargetCell.bytesReceived]! += bytes;
  }
}
