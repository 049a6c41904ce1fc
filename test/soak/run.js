// Longer rounds of the tests that gamble with time: `npm run test:soak` kills 200 times and closes 10,000 times, `-- --quick`
// (what CI runs) 60 and 2,000 times, `-- --kills N --closes N` as often as you like.
import { spawnSync } from 'node:child_process'

const args = process.argv.slice(2)
const times = (name, full, quick) => {
  const given = args.indexOf(name)
  if (given !== -1) return args[given + 1]
  return String(args.includes('--quick') ? quick : full)
}

const { status } = spawnSync('npx', ['tap', 'run', '--timeout=3600', 'test/crash.test.ts', 'test/close-load.test.ts'], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, KILLS: times('--kills', 200, 60), RUNS: times('--closes', 10_000, 2000) }
})
process.exit(status ?? 1)
