// Who is compared, each as its own documentation sets it up.
import { join } from 'node:path'

export const loggers = {
  'pino-blackbox': {
    transport: dir => ({ target: 'pino-blackbox/jsonl', options: { file: join(dir, 'app'), size: '1g' } }),
    prepare: async (log, ending) => {
      const { shutdown, watch } = await import('pino-blackbox')
      if (ending === 'worker') watch(log)
      if (ending === 'SIGTERM, handled') shutdown.onSignals(log)
    }
  },
  'pino/file': { transport: dir => ({ target: 'pino/file', options: { destination: join(dir, 'app.log'), mkdir: true } }) },
  'pino-roll': { transport: dir => ({ target: 'pino-roll', options: { file: join(dir, 'app'), size: '1000m', mkdir: true } }) }
}
