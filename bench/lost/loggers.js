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

/** Outputs of ours, whose windows are measured. The receiver is away: what is safe of `http` is what its journal holds. */
const away = { url: 'http://127.0.0.1:9/', name: 'away' }
const jsonl = dir => ({ target: 'pino-blackbox/jsonl', options: { file: join(dir, 'jsonl', 'app'), extension: 'jsonl', size: '64m' } })
const http = dir => ({ target: 'pino-blackbox/http', options: { ...away, journal: { dir: join(dir, 'http') } } })
const parquet = dir => ({ target: 'pino-blackbox/parquet', options: { dir: join(dir, 'parquet') } })

export const outputs = {
  jsonl: { transport: jsonl },
  http: { transport: http },
  tee: { transport: dir => ({ target: 'pino-blackbox/tee', options: { outputs: [jsonl(dir), http(dir), parquet(dir)] } }) }
}
