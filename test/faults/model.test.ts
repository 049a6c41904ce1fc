// F3: a journal under any sequence of writes, flushes, deliveries, failures, deaths, damage, full disks and set clocks, on all three
// shelves. After each step P1 (every line is accounted for, by an exact model), P4 (in order), P6 (never more on the disk than allowed,
// the oldest dropped first and counted), P13 (damage costs what was damaged), and nothing lost that a flush has vouched for.
//
//   SEQUENCES=10000 SEED=7 npx tap run test/faults/model.test.ts
import t from 'tap'
import fc from 'fast-check'
import { ModelJournal, type Setup } from '../fixtures/model-journal.js'
import { COMMANDS, REGRESSIONS, Step } from '../fixtures/model-commands.js'
import { reason } from '../../lib/errors.js'
import { stayAwake } from '../fixtures/harness.js'

stayAwake(t)
const SEQUENCES = Number(process.env.SEQUENCES ?? 200)
const SEED = Number(process.env.SEED ?? 20261121)

const setups = fc.record({
  kind: fc.constantFrom('spool' as const, 'spool' as const, 'rotated' as const, 'memory' as const),
  whenFull: fc.constantFrom('drop-oldest' as const, 'drop-newest' as const, 'block' as const),
  fsync: fc.constantFrom('never' as const, 'always' as const, 50 as const)
})

async function play (setup: Setup, steps: Iterable<fc.AsyncCommand<ModelJournal, ModelJournal>>): Promise<void> {
  const journal = new ModelJournal(setup)
  try {
    await journal.start()
    await fc.asyncModelRun(() => ({ model: journal, real: journal }), steps)
    await journal.finish()
  } finally {
    await journal.machine.end()
  }
}

for (const { why, setup, steps } of REGRESSIONS) {
  t.test(`as it once was: ${why}`, async () => { await play(setup, steps.map(step => new Step(step))) })
}

t.test(`P1 P4 P6 P13: ${SEQUENCES} sequences (SEED=${SEED})`, { timeout: 3_600_000 }, async t => {
  const commands = fc.commands(COMMANDS.map(command => command.map(step => new Step(step))), { maxCommands: 40, size: 'max' })
  const result = await fc.check(fc.asyncProperty(setups, commands, play), { numRuns: SEQUENCES, seed: SEED, endOnFailure: false })
  const { failed, counterexample, errorInstance, seed, counterexamplePath } = result
  t.notOk(failed, failed ? `${reason(errorInstance)}\nSEED=${seed} path=${counterexamplePath}\n${JSON.stringify(counterexample![0])} ${String(counterexample![1])}` : '')
})
