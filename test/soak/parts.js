// What `npm run test:soak` is made of: tests of `npm test` that gamble with time, at longer sizes, and the soak itself.

/**
 * { name, tests: <files>, sizes: { <environment variable>: [option, full, quick] } }: each size is given to the tests by its variable, and
 * can be set by its option.
 */
export const PARTS = [
  { name: 'crash', tests: ['test/faults/crash.test.ts'], sizes: { KILLS: ['kills', 200, 30] } },
  { name: 'model', tests: ['test/faults/model-output.test.ts'], sizes: { RUNS: ['sequences', 200, 10] } },
  { name: 'close', tests: ['test/close-load.test.ts'], sizes: { RUNS: ['closes', 10_000, 600] } },
  { name: 'parquet', tests: ['test/faults/crash-parquet.test.ts', 'test/faults/power-parquet.test.ts'], sizes: { KILLS: ['parquet-kills', 100, 12], PAIRS: ['pairs', 2000, 100] } },
  { name: 'http', tests: ['test/faults/crash-http.test.ts'], sizes: { KILLS: ['http-kills', 100, 12] } },
  { name: 'slow', tests: ['test/faults/load.test.ts'], sizes: { SLOW_RECEIVER: ['slow-receiver', 120, 15], SLOW_DISK: ['slow-disk', 120, 10] } },
  { name: 'backlog', tests: ['test/faults/load-backlog.test.ts'], sizes: {} },
  { name: 'leaks', tests: ['test/faults/load-leaks.test.ts'], sizes: { OPENINGS: ['openings', 10_000, 300] } },
  { name: 'soak' }
]
