import { z } from 'zod';

const Variable = z.object({
  name: z.string(),
  description: z.string(),
  default: z.string().optional(),
  required: z.boolean(),
  secret: z.boolean().meta({ description: 'Masked wherever it is shown.' }),
  pattern: z.string().optional().meta({ description: 'A regular expression for the whole value.' }),
  restart: z.boolean().meta({ description: 'A change needs a restart.' }),
});

export const Template = z
  .object({
    id: z.string().meta({ example: 'minecraft-java' }),
    name: z.string(),
    description: z.string(),
    game: z.string(),
    image: z.string(),
    image_tag: z.string(),
    built_here: z.boolean().meta({ description: 'Baton builds the image itself; no registry is needed.' }),
    ram_mb: z.object({ min: z.int(), default: z.int() }),
    ports: z.array(z.object({ name: z.string(), protocol: z.enum(['tcp', 'udp']), container: z.int() })),
    variables: z.array(Variable),
    eula: z
      .object({ variable: z.string(), value: z.string(), url: z.string() })
      .nullable()
      .meta({ description: 'The licence to accept: set `variable` to `value` in `env`.' }),
    readiness: z.string().meta({ description: 'How Baton sees that players can join.' }),
    console: z.string().meta({ description: 'How commands reach the game; `none` where they cannot.' }),
    boot_seconds: z.number().meta({ description: 'How long booting may take.' }),
    grace_seconds: z.number().meta({ description: 'How long it has for stopping by itself.' }),
  })
  .meta({ id: 'Template', description: 'A kind of game server.' });
