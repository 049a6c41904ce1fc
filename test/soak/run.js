// Longer rounds of the tests that gamble with time: `npm run test:soak` kills 200 times, `-- --quick` (what CI runs) 60 times,
// `-- --kills N` as often as you like.
import { spawnSync } from 'node:child_process'

const args = process.argv.slice(2)
const given = args.indexOf('--kills')
const kills = args.includes('--quick') ? 60 : given === -1 ? 200 : Number(args[given + 1])

const { status } = spawnSync('npx', ['tap', 'run', '--timeout=3600', 'test/crash.test.ts'], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, KILLS: String(kills) }
})
process.exit(status ?? 1)
