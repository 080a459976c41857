import type { FlowState } from '@evenkeel/flow/datapath/flow-record.ts';

/** As in bpf/consts.h. */
const OPENING_SECONDS = 60;
const CLOSING_SECONDS = 60;

/** Whether a flow that has been silent for so many seconds is no more, as the kernel's programs see it. */
export function isOver(state: FlowState, idle: number, idleSeconds: number): boolean {
  switch (state) {
    case 'opening':
      return idle > OPENING_SECONDS;
    case 'closing':
      return idle > CLOSING_SECONDS;
    case 'established':
      return idle > idleSeconds;
  }
}
