/** What can go wrong in the planner. Each code stands in docs/errors.md. */
import { catalogue } from '../errors.ts';

export const errors = catalogue({
  planner_unavailable: {
    status: 503,
    retry: 'transient',
    message: "The planner's thread died or hung {attempts} times over this question.",
  },
  planner_overloaded: {
    status: 503,
    retry: 'transient',
    message: 'There are {waiting} questions waiting for the planner already.',
  },
  planner_closed: { status: 503, retry: 'transient', message: 'The planner is closed.' },
  batch_too_large: {
    status: 400,
    retry: 'permanent',
    message: 'A batch may have {most} servers at most; this one has {asked}.',
  },
  item_too_large: { status: 400, retry: 'permanent', message: 'Item {item} is larger than an empty machine.' },
  fleet_too_large: { status: 400, retry: 'permanent', message: 'A fleet may have {most} nodes at most.' },
});
