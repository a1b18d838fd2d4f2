/** Nodes by their real statechart, in a picture, without a runtime. */

import type { FleetPicture } from '../../../src/conductor/fleet/index.ts';
import {
  createNodeMachine,
  NODE_LIMITS,
  type NodeContext,
  nodeStatus,
  type Placement,
} from '../../../src/machines/node/index.ts';
import type { Resources } from '../../../src/planner/index.ts';
import { Drive } from '../../machines/drive.ts';

/** Any number may start at once, but where a test says otherwise. */
export const STARTS_MAX = 1_000;

export interface TestNodes {
  add(id: string, ramMb: number, more?: Record<string, unknown>): Drive<NodeContext>;
  get(id: string): Drive<NodeContext>;
  /** What it replies. */
  send(id: string, event: { readonly type: string; readonly [key: string]: unknown }): unknown;
  /** As its server would: room, and then it runs. */
  run(id: string, serverId: string, ask: Resources, epoch?: number): Placement | undefined;
}

export function testNodes(picture: FleetPicture, startsMax = STARTS_MAX): TestNodes {
  const machine = createNodeMachine({ ...NODE_LIMITS, startsMax });
  const nodes = new Map<string, Drive<NodeContext>>();
  let seq = 0;

  const get = (id: string): Drive<NodeContext> => {
    const node = nodes.get(id);
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  };
  function note(id: string): void {
    seq += 1;
    const { context, snapshot } = get(id);
    picture.note(id, seq, { context, status: nodeStatus(snapshot) });
  }

  const self: TestNodes = {
    add(id, ramMb, more = {}) {
      const input = { id, name: id, kind: 'local', engine: 'simulated', ramMb, cpus: 4, ...more };
      nodes.set(id, new Drive<NodeContext>(machine, input));
      note(id);
      return get(id);
    },
    get,
    send(id, event) {
      const node = get(id);
      if (!node.send(event)) return undefined;
      note(id);
      return node.verbs.flatMap((verb) => (verb.type === 'reply' ? [verb.params.value] : []))[0];
    },
    run(id, serverId, ask, epoch = 1) {
      const reply = self.send(id, { type: 'reserve', requests: [{ serverId, epoch, startMs: 1, ...ask }] });
      const placement = (reply as readonly Placement[] | undefined)?.[0];
      if (placement?.placed) self.send(id, { type: 'hold', serverId, epoch, ...ask });
      return placement;
    },
  };
  return self;
}

export const asks = (ramMb: number, more: Partial<Resources> = {}): Resources => ({
  ramMb,
  cpuMilli: 0,
  diskMb: 0,
  ports: 1,
  ...more,
});
