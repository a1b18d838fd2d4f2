/** What can go wrong with games. Each code stands in docs/errors.md. */
import { catalogue } from '../errors.ts';

export const errors = catalogue({
  unknown_template: {
    status: 400,
    retry: 'permanent',
    message: "There is no template '{template}'; there are {known}.",
  },
  invalid_template: { status: 500, retry: 'permanent', message: 'The game templates are not valid:\n{faults}' },
  invalid_request: { status: 400, retry: 'permanent', message: 'The request is not valid: {summary}' },
  not_ready: { status: 503, retry: 'transient', message: 'The game does not answer yet: {reason}' },
  no_console: { status: 409, retry: 'permanent', message: "The game '{game}' has no console that Baton could reach." },
  console_unreachable: { status: 503, retry: 'transient', message: "The game's console does not answer: {reason}" },
  console_refused: { status: 502, retry: 'permanent', message: "The game's console does not take the password." },
  image_build_failed: { status: 500, retry: 'permanent', message: "The image '{image}' could not be built: {reason}" },
});
