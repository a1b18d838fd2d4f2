import { catalogue } from '../errors.ts';

/** What a statechart itself finds wrong. It throws none of them: they are stored as data, like those of its effects. */
export const errors = catalogue({
  deadline_exceeded: {
    status: 504,
    retry: 'permanent',
    message: '{what} took longer than it may; it was given up.',
  },
  no_capacity: {
    status: 422,
    retry: 'transient',
    message:
      'No room was found in the attempts and the time that a queued server has. Start it again, or give it less RAM.',
  },
  no_data: {
    status: 422,
    retry: 'permanent',
    message: 'The world that should be there is gone. Restore it, or start with `fresh: true` to make a new one.',
  },
  crash_loop: {
    status: 422,
    retry: 'permanent',
    message: 'It crashed again and again in a short time and is not started any more. Its last log lines say why.',
  },
  stop_failed: {
    status: 504,
    retry: 'transient',
    message: 'The container did not stop: {reason}',
  },
  node_lost: {
    status: 503,
    retry: 'transient',
    message:
      'The node of this server does not answer any more. What was under way there has ended; the server is looked after.',
  },
  no_other_node: {
    status: 422,
    retry: 'transient',
    message: 'No other node takes the server: {reason}',
  },
  epoch_ahead: {
    status: 409,
    retry: 'permanent',
    message:
      'The node has a container of this server with epoch {shown}, and the newest that is known here is {epoch}. It is held, not ended.',
  },
  node_unreachable: {
    status: 503,
    retry: 'transient',
    message: 'The node does not answer. What ran there is looked after; it comes back by itself when it answers again.',
  },
});
