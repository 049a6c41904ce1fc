// What `npm run test:soak` is made of: tests of `npm test` that gamble, at longer sizes, and the soak itself.

/**
 * { name, tests: <files>, sizes: { <environment variable>: [option, full, quick] } }: each size is given to the tests by its variable, and
 * can be set by its option. `quick: false` is left out of `--quick`: `npm test` has just had it at about that size.
 */
export const PARTS = [
  { name: 'crash', tests: ['test/faults/crash.test.ts'], sizes: { KILLS: ['kills', 1000, 60] } },
  { name: 'crash-outputs', tests: ['test/faults/crash-http.test.ts', 'test/faults/crash-parquet.test.ts'], sizes: { KILLS: ['output-kills', 100, 8] }, quick: false },
  { name: 'close', tests: ['test/close-load.test.ts'], sizes: { RUNS: ['closes', 10_000, 400] } },
  {
    name: 'power',
    tests: ['test/faults/power-jsonl.test.ts', 'test/faults/power-spool.test.ts', 'test/faults/power-parquet.test.ts'],
    sizes: { MIXTURES: ['mixtures', 20, 1], PAIRS: ['pairs', 2000, 60] },
    quick: false
  },
  { name: 'calls', tests: ['test/faults/disk-calls.test.ts'], sizes: { CASES: ['calls', 'Infinity', 100] }, quick: false },
  { name: 'model', tests: ['test/faults/model.test.ts', 'test/faults/model-output.test.ts'], sizes: { SEQUENCES: ['sequences', 10_000, 400], RUNS: ['output-sequences', 200, 8] } },
  { name: 'fuzz', tests: ['test/faults/fuzz.test.ts'], sizes: { CASES: ['cases', 100_000, 3000] }, quick: false },
  { name: 'damage', tests: ['test/faults/damage.test.ts', 'test/faults/damage-parquet.test.ts'], sizes: { OFFSETS: ['offsets', 'all', 'some'] }, quick: false },
  { name: 'accounting', tests: ['test/faults/accounting.test.ts'], sizes: { RUNS: ['histories', 50, 4] }, quick: false },
  { name: 'http', tests: ['test/faults/http-proxy.test.ts'], sizes: { PROXY_LINES: ['proxy-lines', 100_000, 6000] }, quick: false },
  { name: 'rotation', tests: ['test/faults/rotation.test.ts'], sizes: { ROTATION_LINES: ['rotation-lines', 1_000_000, 50_000] }, quick: false },
  { name: 'columns', tests: ['test/parquet-scanner.test.ts'], sizes: { LINES: ['lines', 5_000_000, 40_000] }, quick: false },
  { name: 'slow', tests: ['test/faults/load.test.ts'], sizes: { SLOW_RECEIVER: ['slow-receiver', 120, 10], SLOW_DISK: ['slow-disk', 120, 10] } },
  { name: 'backlog', tests: ['test/faults/load-backlog.test.ts'], sizes: { BACKLOG_SEGMENTS: ['segments', 10_000, 2500] }, quick: false },
  { name: 'leaks', tests: ['test/faults/load-leaks.test.ts'], sizes: { OPENINGS: ['openings', 10_000, 200] } },
  { name: 'soak' }
]
