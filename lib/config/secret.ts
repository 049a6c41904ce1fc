// An option that is a secret: never shown, not even in the error about it.
import { either, group, hidden, text } from './option.js'

export const secret = (doc: string) => hidden(either(either(text(''), group({ env: text('') }), ''), group({ file: text('') }), ''),
  'a non-empty string, `{ env: NAME }` or `{ file: PATH }`', doc)
