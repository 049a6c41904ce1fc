// The thread that converts: one job at a time, in the order in which they come.
import { parentPort } from 'node:worker_threads'
import { run } from './desk.js'
import { reason } from '../errors.js'
import type { Answer, Job } from './settings.js'

const port = parentPort!
let queue: Promise<void> = Promise.resolve()
port.on('message', ({ id, job }: { id: number, job: Job }) => {
  queue = queue.then(async () => {
    const answer: Answer = await run(job).then(outcome => ({ id, outcome }), error => ({ id, error: reason(error) }))
    port.postMessage(answer)
  })
})
