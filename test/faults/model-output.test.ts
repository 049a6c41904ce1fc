// F3, P1, P2, P4, P17: all outputs under any sequence of writes, flushes, rotations, kills, ends and starts, with a receiver that comes and
// goes. Nothing that was acknowledged is lost whenever nobody is alive; in the end each line is at its place, once and in order.
//
//   RUNS=200 SEED=7 npx tap run test/faults/model-output.test.ts; SHRINK=1 for the smallest sequence that fails
import t from 'tap'
import fc from 'fast-check'
import { join } from 'node:path'
import { reason } from '../../lib/errors.js'
import { stayAwake } from '../fixtures/harness.js'
import { EventStep, World, type Event } from '../fixtures/model-world.js'
import { receiver } from '../fixtures/receiver.js'

stayAwake(t)
const RUNS = Number(process.env.RUNS ?? 3)
const SEED = Number(process.env.SEED ?? 20261121)
const LONGEST = 120_000 + RUNS * 30_000

const EVENTS: Array<fc.Arbitrary<Event>> = [
  fc.record({ do: fc.constant('write' as const), lines: fc.integer({ min: 1, max: 400 }), pad: fc.integer({ min: 0, max: 300 }) }),
  fc.record({ do: fc.constantFrom('flush' as const, 'rotate' as const, 'end' as const) }),
  fc.record({ do: fc.constant('receiver' as const), up: fc.boolean() }),
  fc.record({ do: fc.constant('crash' as const), lines: fc.integer({ min: 0, max: 2000 }), after: fc.integer({ min: 0, max: 80 }), torn: fc.boolean() })
]

t.test(`${RUNS} sequences over all outputs (SEED=${SEED})`, { timeout: LONGEST }, async t => {
  const directory = t.testdir()
  const place = await receiver(t, { script: [{ fault: 'reset after the full body', when: { share: 0.1 } }, { status: 200 }], seed: 1 + SEED % 1000 }, { timeout: LONGEST })
  let worlds = 0
  const commands = fc.commands(EVENTS.map(event => event.map(event => new EventStep(event))), { maxCommands: 14, size: 'max' })
  const result = await fc.check(fc.asyncProperty(commands, async steps => {
    const world = new World(join(directory, String(++worlds)), place, `/${worlds}`)
    try {
      await fc.asyncModelRun(() => ({ model: world, real: world }), steps)
      await world.finish()
    } finally {
      world.abandon()
    }
  }), { numRuns: RUNS, seed: SEED, endOnFailure: process.env.SHRINK === undefined })
  const { failed, counterexample, errorInstance, counterexamplePath } = result
  t.notOk(failed, failed ? `${reason(errorInstance)}\nSEED=${SEED} path=${counterexamplePath}\n${String(counterexample![0])}` : '')
})
