// Longer rounds of the tests that gamble with time: `npm run test:soak` kills 200 times and closes 10,000 times, `-- --quick`
// (what CI runs) 30 and 600 times, `-- --kills N --closes N` as often as you like. Writers of Parquet are killed 100 times, with
// `--quick` 12 (`--parquet-kills N`), and so many stops of recoveries from a power cut are tried (`--pairs N`). Senders over HTTP and
// their receivers are killed 100 times, with `--quick` 12 (`--http-kills N`), and a receiver is slow for 120 s, with `--quick` for 15
// (`--slow-receiver SECONDS`). Of every stop of a run so many mixtures of what a power cut may leave are recovered (`--mixtures N`), and so
// many calls of each output fail (`--cases N`). 10,000 outputs are opened and closed, with `--quick` 300 (`--openings N`).
import { spawnSync } from 'node:child_process'

const args = process.argv.slice(2)
const times = (name, full, quick) => {
  const given = args.indexOf(name)
  if (given !== -1) return args[given + 1]
  return String(args.includes('--quick') ? quick : full)
}

const soak = (tests, env) => spawnSync('npx', ['tap', 'run', '--timeout=3600', ...tests], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, ...env }
}).status ?? 1

const statuses = [
  soak(['test/crash.test.ts', 'test/close-load.test.ts'], { KILLS: times('--kills', 200, 30), RUNS: times('--closes', 10_000, 600) }),
  soak(['test/parquet-crash.test.ts', 'test/faults/power-parquet.test.ts'], { KILLS: times('--parquet-kills', 100, 12), PAIRS: times('--pairs', 2000, 100) }),
  soak(['test/faults/power-jsonl.test.ts', 'test/faults/power-spool.test.ts', 'test/faults/disk-calls.test.ts'], { MIXTURES: times('--mixtures', 20, 2), CASES: times('--cases', 'Infinity', 150) }),
  soak(['test/http-crash.test.ts'], { KILLS: times('--http-kills', 100, 12) }),
  soak(['test/http-load.test.ts'], { SLOW_RECEIVER: times('--slow-receiver', 120, 15) }),
  soak(['test/leaks.test.ts'], { OPENINGS: times('--openings', 10_000, 300) })
]
process.exit(Math.max(...statuses))
